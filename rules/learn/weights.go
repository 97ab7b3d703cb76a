package learn

// Written by internal/eval/fit from the corpora; do not edit. In the order of featureNames.
var weights = [numFeatures]float64{
	-3.324, // bias
	3.205,  // groups
	0.972,  // share
	1.858,  // edge
	0.000,  // adjacent
	0.000,  // company
	0.000,  // cue
	0.000,  // lift
	-0.416, // likeness
	-1.641, // kin
	0.000,  // slots
	0.515,  // short
	1.566,  // long
	0.839,  // stopped
	-0.523, // code
	0.000,  // lower
	-0.220, // inside
	-2.164, // repeats
	0.511,  // share*edge
	1.871,  // cue*edge
	0.000,  // fixed place
	2.905,  // few
}

// calibration says how precise units of a score are, see precision.
var calibration = []struct{ score, precision float64 }{
	{-1.0, 0.562},
	{0.0, 0.646},
	{1.0, 0.785},
	{2.0, 0.915},
	{3.0, 0.949},
	{4.0, 0.982},
}
