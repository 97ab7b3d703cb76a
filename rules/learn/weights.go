package learn

// Written by internal/eval/fit; do not edit.
var weights = [numFeatures]float64{
	-3.2, 1.1, 1.2, 1.6, 0.6, 0.6, 1.2, -1.0, -1.0, 0, 0, 0, 0, -0.5, -0.5, 0, -0.3, 0.5, 0.5, 0.5, 0.5,
}
