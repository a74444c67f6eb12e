// SPDX-License-Identifier: MIT
// Hard errors: what a driver has the user told in a dialog box.
//
//   IoRaiseHardError                  up: in the thread that issued the IRP, as a normal kernel APC
//     up -------- answered ---------> cancelled: the IRP is completed with the status that its driver left in it
//                                     tried again: the driver's dispatch routine gets the IRP once more
//   IoRaiseInformationalHardError     up: nobody waits for it
//     up -------- answered ---------> gone
//
// The user is the machine's: he answers each box so many seconds of virtual time after it came up, by trying again as
// often as he was told to, then by cancelling. A thread that wants no hard errors (IoSetThreadHardErrorMode) has none.
#pragma once

#include "nt/nt.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::io {

struct HardErrorUser {
    uint32_t retries = 0;
    int64_t answers_after_100ns = 10'000'000;
};

enum class HardErrorAnswer : uint8_t { None, Cancelled, TriedAgain };

struct HardError {
    NTSTATUS status = 0;
    bool informational = false;
    bool shown = true;           // raised on a system thread it is none of a screen's (since Windows Vista)
    uint32_t irp_number = 0;     // 0: informational
    std::string caption;         // "reader.exe - System Error"
    std::u16string text;         // what the driver gave, or the name of the device that failed
    uint64_t raised_100ns = 0;
    uint64_t answered_100ns = 0; // an informational one: when it is going to be
    HardErrorAnswer answer = HardErrorAnswer::None;
};

class HardErrors {
public:
    HardErrorUser user {};

    std::vector<HardError> const& all() const { return m_all; } // oldest first
    size_t add(HardError error);
    HardError& at(size_t index) { return m_all[index]; }
    // Whether an informational one like it waits for the user, or as many as may wait.
    bool is_refused(HardError const& error) const;

private:
    std::vector<HardError> m_all;
};

// Up to APC_LEVEL. The caller has marked the IRP pending and is rid of it: it is completed or sent again, now or later,
// in this thread or another. Without hard errors, pool, or a thread that issued it, it is completed at once.
void IoRaiseHardError(IRP* irp, VPB* vpb, DEVICE_OBJECT* real_device);
// Up to APC_LEVEL. FALSE: `thread` (null: the current one) wants none, too many are up, or an equal one is.
BOOLEAN IoRaiseInformationalHardError(NTSTATUS status, UNICODE_STRING* text, KTHREAD* thread);

} // namespace ringside::io
