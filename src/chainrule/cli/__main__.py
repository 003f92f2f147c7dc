"""`python -m chainrule.cli` is `chainrule`."""

import sys

from chainrule.cli import main

sys.exit(main())
