package sqlstore

import (
	"context"
	"fmt"
	"strings"
)

// The statements that find what no change of this package can have made.
const (
	// Records that are not what their last change says.
	strayRecords = `SELECT account, id FROM endpoint_records r WHERE NOT EXISTS (
			SELECT 1 FROM endpoint_changes c WHERE c.sequence = r.revision AND c.account = r.account AND c.id = r.id
			AND c.path = r.path AND c.handler = r.handler AND c.enabled = r.enabled AND c.time = r.modified)
		ORDER BY account, id LIMIT 5`
	// How many lines the trail has, how many endpoints it leaves, and how many
	// there are.
	trailCounts = `SELECT
			(SELECT count(*) FROM endpoint_changes),
			(SELECT coalesce(max(sequence), 0) FROM endpoint_changes),
			(SELECT coalesce(sum(CASE action WHEN 'create' THEN 1 WHEN 'delete' THEN -1 ELSE 0 END), 0)
				FROM endpoint_changes),
			(SELECT count(*) FROM endpoint_records)`
)

// verify compares the records with the trail. A store that was changed by other
// hands, or restored in part, is not served from.
func verify(ctx context.Context, t tx) error {
	if err := verifyTrail(ctx, t); err != nil {
		return err
	}
	var stray []string
	err := t.each(ctx, strayRecords, nil, func(row scan) error {
		var account, id string
		err := row(&account, &id)
		stray = append(stray, fmt.Sprintf("endpoint %q of account %q", id, account))
		return err
	})
	if err != nil {
		return err
	}
	if len(stray) > 0 {
		return fmt.Errorf("not what endpoint_changes says: %s; correct these rows, or restore a backup", strings.Join(stray, ", "))
	}
	return nil
}

func verifyTrail(ctx context.Context, t tx) error {
	sequence, err := last(ctx, t)
	if err != nil {
		return err
	}
	var lines, end, expected, records int64
	if err := t.one(ctx, trailCounts, nil, &lines, &end, &expected, &records); err != nil {
		return err
	}
	if lines != sequence || end != sequence {
		return fmt.Errorf("the audit trail has %d lines up to %d, but there were %d changes; restore a backup", lines, end, sequence)
	}
	if expected != records {
		return fmt.Errorf("there are %d endpoints, but %d by the audit trail; restore a backup", records, expected)
	}
	return nil
}
