"""What steers a denoiser beside texts: LoRAs, ControlNets, pictures, and what goes on inside it."""
