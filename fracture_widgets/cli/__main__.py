"""Run the command line as ``python -m fracture_widgets.cli``."""

import sys

from fracture_widgets.cli.app import main

sys.exit(main())
