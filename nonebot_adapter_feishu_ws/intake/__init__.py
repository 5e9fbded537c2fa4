"""The way of an event: receiver, bridge, feeder, dispatcher, handler."""
