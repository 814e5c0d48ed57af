"""What may pass between processes: values and Keras objects, described, checked, rebuilt."""
