#!/bin/sh
# The demo: the example company's aging with its tie-out, and its statements of account, in the folder out/.
set -eu
bin=$1
as_of=$2
ledger=ledger/main.beancount

"$bin/bean-ar" aging "$ledger" --as-of "$as_of"
mkdir -p out
"$bin/bean-ar" aging "$ledger" --as-of "$as_of" --output "out/aging-$as_of.xlsx" --force
"$bin/bean-ar" statements "$ledger" --as-of "$as_of" --into out/statements --force
"$bin/bean-ar" statements "$ledger" --as-of "$as_of" --into out/statements-xlsx --format xlsx --force
cat <<EOT

In out/: the aging as XLSX, a statement of account for every customer as PDF and XLSX, and a manifest of them.
Try next:
  $bin/bean-ar statement $ledger --customer C-0017 --from 2026-01
  $bin/bean-ar open-items $ledger --as-of 2025-12-31 --where "days_overdue>60" --by collector
  $bin/bean-ar apply $ledger ledger/statements/*.sta
  $bin/fava $ledger        with "Receivables" in the sidebar, and July's bank lines to decide there; the query page knows: SELECT customer, sum(outstanding), currency FROM #open_items GROUP BY 1, 3
EOT
