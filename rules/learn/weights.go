package learn

// Written by internal/eval/fit from the corpora; do not edit. In the order of featureNames.
var weights = [numFeatures]float64{
	-3.308, // bias
	3.557,  // groups
	0.960,  // share
	1.959,  // edge
	0.004,  // adjacent
	0.000,  // company
	0.000,  // cue
	0.000,  // lift
	-0.546, // likeness
	-1.106, // kin
	0.000,  // slots
	0.363,  // short
	1.463,  // long
	0.672,  // stopped
	-0.431, // code
	0.000,  // lower
	-0.238, // inside
	-1.351, // repeats
	0.448,  // share*edge
	1.784,  // cue*edge
	0.000,  // fixed place
	2.906,  // few
}

// calibration says how precise units of a score are, see precision.
var calibration = []struct{ score, precision float64 }{
	{-1.0, 0.610},
	{0.0, 0.634},
	{1.0, 0.634},
	{2.0, 0.924},
	{3.0, 0.958},
	{4.0, 0.983},
}
