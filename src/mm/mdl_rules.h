// SPDX-License-Identifier: MIT
// What Driver Verifier finds wrong with an MDL at a call: bug check 0xC4 with its own first parameter. Outside verified
// machines such calls go as far as they go on Windows, and meet their end where the page lists or mappings notice.
// @cite(wdk-docs): page=debugger/bug-check-0xc4--driver-verifier-detected-violation
#pragma once

#include "nt/nt.h"

namespace ringside::mm {

// Before MmProbeAndLockPages (0xB0) or MmProbeAndLockProcessPages (0xB1).
void verify_before_lock(nt::MDL* mdl, uint64_t subcode = 0xB0);
// Before a mapping into system space (0xB2, 0xB3).
void verify_before_map(nt::MDL* mdl);
// Before MmUnlockPages (0x7C, 0x7D, 0xB4).
void verify_before_unlock(nt::MDL* mdl);
// Before a system mapping goes (0xB5, 0xB6).
void verify_before_unmap(nt::MDL* mdl);
// A user address that no view of this process begins at (0xB9).
void verify_user_unmap(nt::MDL* mdl, uint64_t address);
// Before IoFreeMdl (0xB8).
void verify_before_free(nt::MDL* mdl);
// A page of an MDL that is neither memory nor marked as a device's (0x89).
void verify_frame(nt::MDL* mdl, nt::PFN_NUMBER* entry);

} // namespace ringside::mm
