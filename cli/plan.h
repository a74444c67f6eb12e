// SPDX-License-Identifier: MIT
// What a run shall do: the command line of `ringside run`, understood and checked. All files that it names but the
// drivers have been read; the way back to a command line that does the same is replay_command().
#pragma once

#include "control_code.h"

#include <ringside/ringside.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringside::cli {

// Bytes and how they were written on the command line.
struct GivenBytes {
    std::string given;
    Bytes bytes;
};

// One I/O step. An Open adds a file; the others go to the files opened in one go just before them:
// `--open A --open B --read 4 --open C --read 8` reads 4 from A and from B, and 8 from C.
struct Step {
    enum class Kind : uint8_t { Open, Ioctl, Read, Write } kind;
    std::string path; // Open
    ControlCode code {}; // Ioctl
    std::optional<GivenBytes> in; // Ioctl, Write
    std::optional<GivenBytes> second; // Ioctl: what stands in the second buffer, instead of room alone
    size_t out = 0; // Ioctl: room for the reply; Read: bytes
    uint64_t at = 0; // Read, Write: offset
    bool cancel = false; // Ioctl: cancelled as soon as it was sent
};

struct RegistrySetting {
    std::string given; // an assignment, or a file's path
    std::string text; // the file's text in UTF-8; empty for an assignment
    bool is_file = false;
};

// A hive file whose contents take the place of a key's.
struct HiveSetting {
    std::string given; // "KEY=FILE"
    std::string key;
    Bytes bytes;
};

// A key that is written to a file when the run is over.
struct SavedKey {
    enum class As : uint8_t { Hive, RegText } as;
    std::string given;
    std::string key;
    std::string path;
};

// A driver's file, read before the machine's process starts, so that what cannot be read is told at once.
struct DriverFile {
    std::string path;
    std::string name; // "toaster.sys"
    Bytes bytes;
    Start start = Start::Demand;
};

struct RunPlan {
    std::string program; // as it was called
    std::vector<DriverFile> drivers; // boot-start ones first, then system-start ones
    std::vector<Step> steps;
    std::vector<RegistrySetting> registry;
    std::vector<HiveSetting> hives;
    std::vector<SavedKey> saved;
    MachineOptions machine;
    std::string faults_given;
    uint64_t seed_first = 1;
    uint64_t seed_last = 1;
    bool unload = true;

    bool wow64 = false; // the program that sends the I/O is a 32-bit one
    // Views: they change what is shown, not what happens.
    bool json = false;
    std::optional<size_t> log_lines;
    bool quiet_said = false;
    std::string trace; // a file's path; empty: none (trace_file.h)
    bool in_process = false;
    double timeout_seconds = 300;

    bool many_seeds() const { return seed_first != seed_last; }
};

std::string checks_name(Checks checks);

// The command that repeats this run with this seed: whatever matters, nothing that only shows, quoted for a shell.
std::string replay_command(RunPlan const& plan, uint64_t seed);

} // namespace ringside::cli
