package learn

// Written by internal/eval/fit from the corpora; do not edit. In the order of featureNames.
var weights = [numFeatures]float64{
	-3.283, // bias
	2.299,  // groups
	0.000,  // share
	2.696,  // edge
	0.498,  // adjacent
	0.179,  // company
	0.000,  // cue
	-0.313, // lift
	-0.445, // likeness
	-1.596, // kin
	0.000,  // slots
	-0.123, // short
	1.108,  // long
	0.915,  // stopped
	-0.129, // code
	0.000,  // lower
	-0.426, // inside
	-1.534, // repeats
	0.328,  // share*edge
	1.870,  // cue*edge
	0.025,  // fixed place
	2.817,  // few
}
