// SPDX-License-Identifier: MIT
#include "ps/client_image.h"

#include "mm/user_image.h"

#include <array>
#include <cstring>

namespace ringside::ps {

namespace {

using Headers = std::array<uint8_t, 0x200>;

template <typename T>
void put(Headers& headers, size_t at, T value)
{
    std::memcpy(headers.data() + at, &value, sizeof value);
}

Headers headers_of_an_empty_program()
{
    constexpr size_t kNt = 0x40, kFile = kNt + 4, kOptional = kFile + 20;
    Headers h {};
    put<uint16_t>(h, 0, 0x5A4D); // "MZ"
    put<uint32_t>(h, 0x3C, kNt);
    put<uint32_t>(h, kNt, 0x4550); // "PE"
    put<uint16_t>(h, kFile + 0, 0x8664); // IMAGE_FILE_MACHINE_AMD64
    put<uint16_t>(h, kFile + 16, 0xF0); // SizeOfOptionalHeader
    put<uint16_t>(h, kFile + 18, 0x22); // executable, large address aware
    put<uint16_t>(h, kOptional + 0, 0x20B); // PE32+
    put<uint64_t>(h, kOptional + 24, 0x1'4000'0000); // ImageBase as linked
    put<uint32_t>(h, kOptional + 32, 0x1000); // SectionAlignment
    put<uint32_t>(h, kOptional + 36, 0x200); // FileAlignment
    put<uint16_t>(h, kOptional + 40, 6); // MajorOperatingSystemVersion
    put<uint16_t>(h, kOptional + 48, 6); // MajorSubsystemVersion
    put<uint32_t>(h, kOptional + 56, kClientImageBytes);
    put<uint32_t>(h, kOptional + 60, sizeof h); // SizeOfHeaders
    put<uint16_t>(h, kOptional + 68, 3); // IMAGE_SUBSYSTEM_WINDOWS_CUI
    put<uint32_t>(h, kOptional + 108, 16); // NumberOfRvaAndSizes
    return h;
}

} // namespace

Result<uintptr_t> map_client_image(ke::Process& process)
{
    Headers const headers = headers_of_an_empty_program();
    return mm::map_user_image(process, headers);
}

} // namespace ringside::ps
