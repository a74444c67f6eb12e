// SPDX-License-Identifier: MIT
// The firmware: the machine booted by UEFI, with Secure Boot off. Its variables last as long as the machine.
#pragma once

#include "nt/nt.h"

#include <map>
#include <string>
#include <vector>

namespace ringside::ex {

struct Firmware {
    struct Variable {
        nt::ULONG attributes;
        std::vector<uint8_t> value;
    };
    // By vendor and name.
    std::map<std::pair<std::array<uint8_t, 16>, std::u16string>, Variable> variables;

    Firmware();
};

nt::NTSTATUS ExGetFirmwareEnvironmentVariable(nt::UNICODE_STRING const* name, nt::GUID const* vendor, nt::PVOID value,
                                              nt::ULONG* length, nt::ULONG* attributes);
nt::NTSTATUS ExSetFirmwareEnvironmentVariable(nt::UNICODE_STRING const* name, nt::GUID const* vendor, nt::PVOID value,
                                              nt::ULONG length, nt::ULONG attributes);
nt::ULONG ExGetFirmwareType();
nt::BOOLEAN ExIsSoftBoot();

} // namespace ringside::ex
