package learn

// Written by internal/eval/fit from the corpora; do not edit. In the order of featureNames.
var weights = [numFeatures]float64{
	-3.743, // bias
	2.853,  // groups
	0.078,  // share
	2.173,  // edge
	0.039,  // adjacent
	0.056,  // company
	0.019,  // cue
	-0.276, // lift
	-0.328, // likeness
	-2.597, // kin
	0.000,  // slots
	0.009,  // short
	1.472,  // long
	1.214,  // stopped
	-0.154, // code
	0.000,  // lower
	-0.103, // inside
	-1.437, // repeats
	0.858,  // share*edge
	2.087,  // cue*edge
	0.727,  // fixed place
	2.970,  // few
}

// calibration says how precise units of a score are, see precision.
var calibration = []struct{ score, precision float64 }{
	{-1.0, 0.560},
	{0.0, 0.560},
	{1.0, 0.769},
	{2.0, 0.952},
	{3.0, 0.960},
	{4.0, 0.978},
}
