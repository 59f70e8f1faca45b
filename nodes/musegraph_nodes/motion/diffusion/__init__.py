"""Diffusion of motions by nets that say what is under the noise: MDM, EDGE and those like them."""
