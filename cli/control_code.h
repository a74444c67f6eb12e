// SPDX-License-Identifier: MIT
// I/O control codes: four numbers in one. Typed as the number or as its parts, shown as its parts.
// @cite(wdk): page=kernel/defining-i-o-control-codes
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringside::cli {

struct ControlCode {
    uint32_t value = 0;

    uint32_t device_type() const { return value >> 16; }
    uint32_t access() const { return value >> 14 & 3; }
    uint32_t function() const { return value >> 2 & 0xFFF; }
    uint32_t method() const { return value & 3; }
};

// "0x80002000", or the parameters of CTL_CODE in its order: "0x8000,0x800,buffered,any", names as in the headers too
// ("FILE_DEVICE_UNKNOWN,0x800,METHOD_NEITHER,FILE_READ_DATA"). Usage for anything else.
ControlCode parse_control_code(std::string_view option, std::string_view text);

// "METHOD_BUFFERED", "FILE_ANY_ACCESS", "FILE_DEVICE_UNKNOWN" or "0x8000".
std::string method_name(uint32_t method);
std::string access_name(uint32_t access);
std::string device_type_name(uint32_t type);
// "device 0x8000, function 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS".
std::string control_code_words(ControlCode code);

} // namespace ringside::cli
