"""The dialect of Sparklytics' open-source server of April 2026."""
