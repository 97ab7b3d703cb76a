package learn

// Written by internal/eval/fit from the corpora; do not edit. In the order of featureNames.
var weights = [numFeatures]float64{
	-3.314, // bias
	3.211,  // groups
	0.988,  // share
	1.849,  // edge
	0.000,  // adjacent
	0.000,  // company
	0.000,  // cue
	0.000,  // lift
	-0.419, // likeness
	-1.649, // kin
	0.000,  // slots
	0.513,  // short
	1.555,  // long
	0.847,  // stopped
	-0.529, // code
	0.000,  // lower
	-0.225, // inside
	-2.166, // repeats
	0.492,  // share*edge
	1.887,  // cue*edge
	0.000,  // fixed place
	2.907,  // few
}

// calibration says how precise units of a score are, see precision.
var calibration = []struct{ score, precision float64 }{
	{-1.0, 0.562},
	{0.0, 0.646},
	{1.0, 0.785},
	{2.0, 0.917},
	{3.0, 0.949},
	{4.0, 0.982},
}
