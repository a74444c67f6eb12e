// SPDX-License-Identifier: MIT
// The user of a machine, and what he gets to see of drivers: dialog boxes and the system event log. Machine has the
// calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ringside {

// He answers each dialog box of a hard error so many seconds after it came up: tries again as often as this, all boxes
// taken together, and then cancels.
struct User {
    unsigned retries = 0;
    double answers_after = 1; // in the machine's time
};

// One dialog box, or what would have been one if its session had a screen.
struct HardErrorLine {
    enum class Answer : uint8_t { Waiting, Cancelled, TriedAgain };
    int32_t status = 0;
    std::string caption; // "reader.exe - System Error"
    std::string text;    // the driver's string, or the name of the device that failed
    bool informational = false; // else a request waited for the answer
    bool shown = true;
    Answer answer = Answer::Waiting;
    double seconds = 0;  // when it came up
};

// One entry of the system event log, as a driver wrote it (IoWriteErrorLogEntry).
struct EventLogLine {
    std::string driver;
    int32_t code = 0;
    uint32_t unique_value = 0;
    int32_t final_status = 0;
    std::vector<std::string> strings;
    std::vector<std::byte> dump;
    double seconds = 0;
};

} // namespace ringside
