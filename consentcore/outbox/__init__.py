"""Messages written in the unit that causes them and sent later: nothing leaves the process inside a unit of work."""
