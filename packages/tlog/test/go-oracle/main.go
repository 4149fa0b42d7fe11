// Command tlog-oracle answers questions about notes, trees and tiles with golang.org/x/mod/sumdb, so that the TypeScript
// implementation can be compared with it. It reads one JSON array of questions on stdin and writes one of answers on stdout.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Op      string   `json:"op"`
	Text    string   `json:"text"`
	Key     string   `json:"key"`
	Leaves  [][]byte `json:"leaves"`
	From    int64    `json:"from"`
	Size    int64    `json:"size"`
	Index   int64    `json:"index"`
	Proof   [][]byte `json:"proof"`
	OldRoot []byte   `json:"oldRoot"`
	Root    []byte   `json:"root"`
	Leaf    []byte   `json:"leaf"`
	Level   int      `json:"level"`
	Width   int      `json:"width"`
}

type answer struct {
	Ok     bool              `json:"ok"`
	Text   string            `json:"text,omitempty"`
	Root   []byte            `json:"root,omitempty"`
	Proof  [][]byte          `json:"proof,omitempty"`
	Tiles  map[string][]byte `json:"tiles,omitempty"`
	Reason string            `json:"reason,omitempty"`
}

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	answers := make([]answer, 0, len(questions))
	for _, q := range questions {
		a, err := q.answer()
		a.Ok = err == nil
		if err != nil {
			a.Reason = err.Error()
		}
		answers = append(answers, a)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (q question) answer() (answer, error) {
	switch q.Op {
	case "sign":
		signer, err := note.NewSigner(q.Key)
		if err != nil {
			return answer{}, err
		}
		signed, err := note.Sign(&note.Note{Text: q.Text}, signer)
		return answer{Text: string(signed)}, err
	case "open":
		verifier, err := note.NewVerifier(q.Key)
		if err != nil {
			return answer{}, err
		}
		opened, err := note.Open([]byte(q.Text), note.VerifierList(verifier))
		if err != nil {
			return answer{}, err
		}
		return answer{Text: opened.Text}, nil
	case "checkpoint":
		tree, err := tlog.ParseTree([]byte(q.Text))
		return answer{Text: fmt.Sprint(tree.N), Root: tree.Hash[:]}, err
	case "tree":
		return q.tree()
	case "checkInclusion":
		return answer{}, tlog.CheckRecord(hashes(q.Proof), q.Size, hash(q.Root), q.Index, hash(q.Leaf))
	case "checkConsistency":
		return answer{}, tlog.CheckTree(hashes(q.Proof), q.Size, hash(q.Root), q.From, hash(q.OldRoot))
	case "tilePath":
		return answer{Text: path(tlog.Tile{H: 8, L: q.Level, N: q.Index, W: q.Width})}, nil
	}
	return answer{}, fmt.Errorf("unknown op %q", q.Op)
}

// tree builds a tree of all leaves: its root, the tiles that growing from From adds, an inclusion proof of Index
// and a consistency proof from From.
func (q question) tree() (answer, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	for i, leaf := range q.Leaves {
		added, err := tlog.StoredHashes(int64(i), leaf, reader)
		if err != nil {
			return answer{}, err
		}
		stored = append(stored, added...)
	}
	size := int64(len(q.Leaves))
	root, err := tlog.TreeHash(size, reader)
	if err != nil {
		return answer{}, err
	}
	a := answer{Root: root[:], Tiles: map[string][]byte{}}
	for _, tile := range tlog.NewTiles(8, q.From, size) {
		if a.Tiles[path(tile)], err = tlog.ReadTileData(tile, reader); err != nil {
			return answer{}, err
		}
	}
	if q.From > 0 {
		proof, err := tlog.ProveTree(size, q.From, reader)
		if err != nil {
			return answer{}, err
		}
		a.Proof = append(a.Proof, bytesOf(proof)...)
	}
	inclusion, err := tlog.ProveRecord(size, q.Index, reader)
	a.Proof = append(a.Proof, bytesOf(inclusion)...)
	return a, err
}

// path rewrites x/mod's tile path (tile/8/0/001) as that of C2SP tlog-tiles (tile/0/001).
func path(tile tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
}

func hash(b []byte) (h tlog.Hash) {
	copy(h[:], b)
	return h
}

func hashes(list [][]byte) []tlog.Hash {
	out := make([]tlog.Hash, len(list))
	for i, b := range list {
		out[i] = hash(b)
	}
	return out
}

func bytesOf(list []tlog.Hash) [][]byte {
	out := make([][]byte, len(list))
	for i := range list {
		out[i] = list[i][:]
	}
	return out
}
