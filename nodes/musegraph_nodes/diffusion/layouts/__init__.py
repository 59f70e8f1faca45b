"""How models lie on disk: folders of Diffusers and single files, read without loading weights."""
