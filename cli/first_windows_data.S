// SPDX-License-Identifier: MIT
// The two tables of first versions, whole: the program stands alone once it is installed.
    .section .rodata
    .global ringside_kernel_exports_csv, ringside_kernel_exports_csv_end
    .global ringside_other_exports_csv, ringside_other_exports_csv_end
ringside_kernel_exports_csv:
    .incbin "sdk/data/exports.csv"
ringside_kernel_exports_csv_end:
ringside_other_exports_csv:
    .incbin "data/kernel_exports.csv"
ringside_other_exports_csv_end:
    .section .note.GNU-stack, "", @progbits
