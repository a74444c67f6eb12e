// SPDX-License-Identifier: MIT
// The words of the Windows x64 ABI with fixed widths: on Linux `long` has 64 bits, on Windows 32, so nothing here may
// be spelled with `long`. Pointers are 64 bits on both sides. NTAPI is the calling convention of every function that
// crosses the boundary; WCHAR is char16_t, so that u"..." literals are Windows strings.
#pragma once

#include <cstddef>
#include <cstdint>

#define NTAPI __attribute__((ms_abi))

// The structure whose member a pointer points at.
#define CONTAINING_RECORD(address, type, field)                                                                        \
    (reinterpret_cast<type*>(reinterpret_cast<std::uintptr_t>(address) - offsetof(type, field)))

namespace ringside::nt {

using CHAR = char;
using CCHAR = int8_t;
using UCHAR = uint8_t;
using SHORT = int16_t;
using CSHORT = int16_t;
using USHORT = uint16_t;
using WORD = uint16_t;
using INT = int32_t;
using UINT = uint32_t;
using LONG = int32_t;
using ULONG = uint32_t;
using DWORD = uint32_t;
using LONG64 = int64_t;
using ULONG64 = uint64_t;
using DWORD64 = uint64_t;
using LONGLONG = int64_t;
using ULONGLONG = uint64_t;
using LONG_PTR = int64_t;
using ULONG_PTR = uint64_t;
using SIZE_T = uint64_t;
using BOOLEAN = uint8_t;
using LOGICAL = uint32_t;
using WCHAR = char16_t;

using NTSTATUS = int32_t;
using ACCESS_MASK = uint32_t;
using SECURITY_INFORMATION = uint32_t;
using KIRQL = uint8_t;
using KPRIORITY = int32_t;
using KAFFINITY = uint64_t;
using KSPIN_LOCK = uint64_t;
using KPROCESSOR_MODE = int8_t;
using ERESOURCE_THREAD = uint64_t;
using EX_PUSH_LOCK = uint64_t;
using PFN_NUMBER = uint64_t;
using PFN_COUNT = uint32_t;
using SPFN_NUMBER = int64_t;
using DEVICE_TYPE = uint32_t;
using CLONG = uint32_t;
using LCID = uint32_t;
using OB_OPERATION = uint32_t;
using SECURITY_DESCRIPTOR_CONTROL = uint16_t;
using SECURITY_CONTEXT_TRACKING_MODE = uint8_t;

using PVOID = void*;
using HANDLE = void*;
using PHANDLE = HANDLE*;
using PSTR = CHAR*;
using PCSTR = CHAR const*;
using PCHAR = CHAR*;
using PCCHAR = CCHAR*;
using PUCHAR = UCHAR*;
using PSHORT = SHORT*;
using PUSHORT = USHORT*;
using PLONG = LONG*;
using PULONG = ULONG*;
using PDWORD = DWORD*;
using PLONG64 = LONG64*;
using PULONG64 = ULONG64*;
using PDWORD64 = DWORD64*;
using PLONGLONG = LONGLONG*;
using PULONGLONG = ULONGLONG*;
using PULONG_PTR = ULONG_PTR*;
using PSIZE_T = SIZE_T*;
using PBOOLEAN = BOOLEAN*;
using PWCHAR = WCHAR*;
using PWCH = WCHAR*;
using PWSTR = WCHAR*;
using PCWSTR = WCHAR const*;
using PNTSTATUS = NTSTATUS*;
using PACCESS_MASK = ACCESS_MASK*;
using PSECURITY_INFORMATION = SECURITY_INFORMATION*;
using PKIRQL = KIRQL*;
using PKAFFINITY = KAFFINITY*;
using PKSPIN_LOCK = KSPIN_LOCK*;
using PEX_PUSH_LOCK = EX_PUSH_LOCK*;
using PPFN_NUMBER = PFN_NUMBER*;
using PSECURITY_DESCRIPTOR_CONTROL = SECURITY_DESCRIPTOR_CONTROL*;
using PSECURITY_CONTEXT_TRACKING_MODE = SECURITY_CONTEXT_TRACKING_MODE*;
using PSECURITY_DESCRIPTOR = void*;
using PSID = void*;
using PACCESS_TOKEN = void*;

enum MODE : int32_t { KernelMode, UserMode, MaximumMode };

inline constexpr BOOLEAN FALSE = 0;
inline constexpr BOOLEAN TRUE = 1;

} // namespace ringside::nt

namespace ringside {
using namespace nt;
}
