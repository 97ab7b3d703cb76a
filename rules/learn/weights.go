package learn

// Written by internal/eval/fit from the corpora; do not edit. In the order of featureNames.
var weights = [numFeatures]float64{
	-3.585, // bias
	3.183,  // groups
	0.125,  // share
	2.143,  // edge
	0.300,  // adjacent
	0.000,  // company
	0.150,  // cue
	0.000,  // lift
	-0.414, // likeness
	-2.145, // kin
	0.000,  // slots
	0.344,  // short
	1.336,  // long
	0.816,  // stopped
	-0.339, // code
	0.000,  // lower
	-0.105, // inside
	-1.945, // repeats
	0.669,  // share*edge
	1.892,  // cue*edge
	0.286,  // fixed place
	3.025,  // few
}

// calibration says how precise units of a score are, see precision.
var calibration = []struct{ score, precision float64 }{
	{-1.0, 0.474},
	{0.0, 0.700},
	{1.0, 0.701},
	{2.0, 0.926},
	{3.0, 0.974},
	{4.0, 0.977},
}
