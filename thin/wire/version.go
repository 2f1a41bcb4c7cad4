package wire

import (
	"cmp"
	"fmt"
)

// Version is a release tag of kpclientd, as v0.0.55. The zero value means that
// the version is not known.
type Version struct {
	Major, Minor, Patch int
}

// ParseVersion reads a tag of the form v1.2.3 with parts from 0 to 999999. It
// returns ErrUnknownVersion for anything else.
func ParseVersion(tag string) (Version, error) {
	var v Version
	n, err := fmt.Sscanf(tag, "v%d.%d.%d", &v.Major, &v.Minor, &v.Patch)
	if err != nil || n != 3 || v.String() != tag || max(v.Major, v.Minor, v.Patch) > 999999 || min(v.Major, v.Minor, v.Patch) < 0 {
		return Version{}, fmt.Errorf("%w %q: want a tag such as v0.0.99", ErrUnknownVersion, tag)
	}
	return v, nil
}

// String returns the tag.
func (v Version) String() string { return fmt.Sprintf("v%d.%d.%d", v.Major, v.Minor, v.Patch) }

// Compare returns -1, 0 or 1 as v is older than, equal to or newer than w.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch))
}

// AtLeast reports whether v is w or newer.
func (v Version) AtLeast(w Version) bool { return v.Compare(w) >= 0 }
