package learn

// Written by internal/eval/fit from the corpora; do not edit. In the order of featureNames.
var weights = [numFeatures]float64{
	-3.281, // bias
	2.296,  // groups
	0.000,  // share
	2.705,  // edge
	0.500,  // adjacent
	0.178,  // company
	0.000,  // cue
	-0.335, // lift
	-0.439, // likeness
	-1.594, // kin
	0.000,  // slots
	-0.119, // short
	1.111,  // long
	0.912,  // stopped
	-0.132, // code
	0.000,  // lower
	-0.429, // inside
	-1.535, // repeats
	0.320,  // share*edge
	1.869,  // cue*edge
	0.023,  // fixed place
	2.813,  // few
}

// calibration says how precise units of a score are, see precision.
var calibration = []struct{ score, precision float64 }{
	{-1.0, 0.597},
	{0.0, 0.597},
	{1.0, 0.737},
	{2.0, 0.935},
	{3.0, 0.935},
	{4.0, 0.967},
}
