# SPDX-License-Identifier: Apache-2.0
"""The parts an end-to-end test is made of: httpd, a CA, faults between them, clients, a reader of the store."""
