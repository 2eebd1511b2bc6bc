"""The trunks, one file each: see :mod:`fracture_widgets.models.networks.registry`."""
