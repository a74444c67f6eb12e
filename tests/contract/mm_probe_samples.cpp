// SPDX-License-Identifier: MIT
// User memory: probing it, and securing it against its own process.
#include "contract.h"

#include "ke/guarded.h"
#include "mm/memory.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

HANDLE const kCurrent = reinterpret_cast<HANDLE>(~uint64_t { 0 });
constexpr SIZE_T kPage = hal::kPageSize;

// What ZwProtectVirtualMemory and ZwFreeVirtualMemory are given.
struct Variables {
    PVOID base;
    SIZE_T size;
    ULONG old;
};
NTSTATUS protect(At& at, void* base, ULONG protection)
{
    auto& v = at.object<Variables>();
    v.base = base;
    v.size = kPage;
    return static_cast<NTSTATUS>(at.also("ZwProtectVirtualMemory", kCurrent, &v.base, &v.size, protection, &v.old));
}
NTSTATUS release(At& at, void* base)
{
    auto& v = at.object<Variables>();
    v.base = base;
    return static_cast<NTSTATUS>(at.also("ZwFreeVirtualMemory", kCurrent, &v.base, &v.size, MEM_RELEASE));
}
void* user_page(At& at)
{
    auto& v = at.object<Variables>();
    v.size = kPage;
    at.also("ZwAllocateVirtualMemory", kCurrent, &v.base, uint64_t { 0 }, &v.size, MEM_RESERVE | MEM_COMMIT,
            PAGE_READWRITE);
    return v.base;
}
void* address(uint64_t value) { return reinterpret_cast<void*>(value); }

// What both probes look at: the range and its alignment, if there is a length.
void probes_a_range(At& at)
{
    auto* user = static_cast<char*>(at.user_bytes(2 * kPage));
    for (ULONG alignment : { 1u, 2u, 4u, 8u, 16u })
        at.call(user, SIZE_T { 2 * kPage }, alignment);
    at.call(user + 1, SIZE_T { 100 }, ULONG { 1 });
    for (ULONG alignment : { 2u, 4u, 8u, 16u })
        at.raises(STATUS_DATATYPE_MISALIGNMENT, user + 1, SIZE_T { 100 }, alignment);
    auto refused = [&](uint64_t begin, SIZE_T length) {
        at.raises(STATUS_ACCESS_VIOLATION, address(begin), length, ULONG { 1 });
        at.call(address(begin), SIZE_T { 0 }, ULONG { 4 }); // no length, no check
    };
    refused(reinterpret_cast<uint64_t>(at.bytes(16)), 1); // the kernel's
    refused(hal::kUserProbeAddress, 1);
    refused(hal::kUserProbeAddress - 16, 17); // its end is the kernel's
    refused(0x8000'0000'0000'0000, 1);
    refused(reinterpret_cast<uint64_t>(user), ~SIZE_T { 0 } - 10); // it wraps around
    at.call(user + 3, SIZE_T { 0 }, ULONG { 4 });
}

} // namespace

CLIENT_SAMPLE(ProbeForRead)
{
    probes_a_range(at);
    void* const page = user_page(at);
    release(at, page);
    at.call(page, kPage, ULONG { 1 }); // whether anything is there, the access itself will tell
}

CLIENT_SAMPLE(ProbeForWrite)
{
    probes_a_range(at);
    auto* user = static_cast<char*>(at.user_bytes(2 * kPage));
    ke::write_guarded(user, 'a');
    ke::write_guarded(user + kPage, 'b');
    at.call(user, 2 * kPage, ULONG { 1 });
    EXPECT_EQ(ke::read_guarded<char>(user), 'a') << "each page is written with what it holds";
    EXPECT_EQ(ke::read_guarded<char>(user + kPage), 'b');
    for (ULONG protection : { PAGE_READONLY, PAGE_NOACCESS }) {
        EXPECT_EQ(protect(at, user + kPage, protection), STATUS_SUCCESS);
        at.raises(STATUS_ACCESS_VIOLATION, user, kPage + 1, ULONG { 1 });
        at.call(user, kPage, ULONG { 1 });
    }
    void* const page = user_page(at);
    release(at, page);
    at.raises(STATUS_ACCESS_VIOLATION, page, SIZE_T { 1 }, ULONG { 1 }); // nothing is there
}

CLIENT_SAMPLE(MmSecureVirtualMemory)
{
    void* const written = user_page(at);
    EXPECT_TRUE(at.call(written, kPage, PAGE_READWRITE));
    EXPECT_NE(protect(at, written, PAGE_READONLY), STATUS_SUCCESS);
    EXPECT_NE(protect(at, written, PAGE_NOACCESS), STATUS_SUCCESS);
    EXPECT_NE(release(at, written), STATUS_SUCCESS);
    EXPECT_TRUE(ke::write_guarded(written, 'x'));
    EXPECT_EQ(protect(at, written, PAGE_EXECUTE_READWRITE), STATUS_SUCCESS) << "every other change is allowed";
    void* const read = user_page(at);
    EXPECT_TRUE(at.call(read, SIZE_T { 1 }, PAGE_READONLY));
    EXPECT_EQ(protect(at, read, PAGE_READONLY), STATUS_SUCCESS);
    EXPECT_EQ(protect(at, read, PAGE_READWRITE), STATUS_SUCCESS);
    EXPECT_NE(protect(at, read, PAGE_NOACCESS), STATUS_SUCCESS);
    EXPECT_NE(release(at, read), STATUS_SUCCESS);
    EXPECT_EQ(mm::memory().residue().secured_ranges, 2u);
    HANDLE const none = nullptr;
    at.returns(none, at.bytes(16), SIZE_T { 16 }, PAGE_READONLY); // no user memory
    at.returns(none, written, SIZE_T { 0 }, PAGE_READONLY);
    at.returns(none, written, kPage, PAGE_EXECUTE); // neither of the two
    void* const only_read = user_page(at);
    protect(at, only_read, PAGE_READONLY);
    at.returns(none, only_read, kPage, PAGE_READWRITE); // it is less than is asked for
    EXPECT_TRUE(at.call(only_read, kPage, PAGE_READONLY));
    void* const gone = user_page(at);
    release(at, gone);
    at.returns(none, gone, kPage, PAGE_READONLY); // nothing is there
}

CLIENT_SAMPLE(MmUnsecureVirtualMemory)
{
    void* const page = user_page(at);
    auto const first = at.also("MmSecureVirtualMemory", page, kPage, PAGE_READWRITE);
    auto const second = at.also("MmSecureVirtualMemory", page, kPage, PAGE_READONLY);
    EXPECT_NE(protect(at, page, PAGE_READONLY), STATUS_SUCCESS);
    at.call(first);
    EXPECT_EQ(protect(at, page, PAGE_READONLY), STATUS_SUCCESS);
    EXPECT_NE(protect(at, page, PAGE_NOACCESS), STATUS_SUCCESS) << "the other one holds";
    at.call(second);
    EXPECT_EQ(mm::memory().residue().secured_ranges, 0u);
    EXPECT_EQ(release(at, page), STATUS_SUCCESS);
    at.bug_checks(MEMORY_MANAGEMENT, first); // unsecured already
}
