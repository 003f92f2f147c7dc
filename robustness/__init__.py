"""What chainrule must survive: hostile files (`fuzz`), kills, full disks and Ctrl-C (`soak`)."""
