# SPDX-License-Identifier: Apache-2.0
"""The bench uses the testbed of the end-to-end tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
