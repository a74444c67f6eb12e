// SPDX-License-Identifier: MIT
// Memory of clients that others copy, secure and lock while it goes.
#include "film.h"

#include "ke/guarded.h"

#include <cstring>

using namespace ringside;
using namespace ringside::test;

namespace {

HANDLE const kCurrent = reinterpret_cast<HANDLE>(~uint64_t { 0 });
constexpr SIZE_T kBytes = 0x3000;

// Committed memory of the client that the thread is attached to, filled with one byte.
PVOID allocate(Film& film, char fill)
{
    PVOID base = nullptr;
    SIZE_T size = kBytes;
    film.ok("ZwAllocateVirtualMemory", kCurrent, &base, 0ull, &size, ULONG { MEM_RESERVE | MEM_COMMIT },
            ULONG { PAGE_READWRITE });
    EXPECT_EQ(ke::ringside_fill_guarded(base, fill, kBytes), 0u);
    return base;
}

NTSTATUS release(Film& film, PVOID base)
{
    SIZE_T none = 0;
    return film.status("ZwFreeVirtualMemory", kCurrent, &base, &none, ULONG { MEM_RELEASE });
}

} // namespace

// A driver copies a client's memory into its own pool while another thread frees that memory.
// Shows: all of it is copied, or the copy says STATUS_PARTIAL_COPY or STATUS_ACCESS_VIOLATION and how much it was; what
// was copied is what stood there; never a bug check.
FILM(memory_is_copied_while_it_is_freed, "copied", "not copied")
{
    PEPROCESS const client = film.client();
    auto* const system = reinterpret_cast<PEPROCESS>(film.rooms().processes.system().guest);
    PVOID base = nullptr;
    {
        Attached attached(film, client);
        base = allocate(film, 'x');
    }
    film.thread([&] {
        film.linger(film.draw(12));
        Attached attached(film, client);
        EXPECT_EQ(release(film, base), STATUS_SUCCESS);
    });
    film.thread([&] {
        auto* pool = static_cast<char*>(film.bytes(kBytes));
        film.linger(film.draw(12));
        SIZE_T copied = 0;
        NTSTATUS const status = film.status("MmCopyVirtualMemory", client, base, system, pool, kBytes,
                                            KPROCESSOR_MODE { KernelMode }, &copied);
        film.went(status == STATUS_SUCCESS ? "copied" : "not copied");
        EXPECT_TRUE(status == STATUS_SUCCESS || status == STATUS_PARTIAL_COPY || status == STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(copied == kBytes, status == STATUS_SUCCESS);
        for (SIZE_T i = 0; i < kBytes; ++i)
            ASSERT_EQ(pool[i], i < copied ? 'x' : 0) << i;
    });
    film.join();
    film.end(client);
}

// A driver secures a client's memory and writes it, while a thread of the client protects and frees it.
// Shows: what is secured cannot be taken away; before and after it can; the driver's writes never fault.
FILM(memory_is_secured_while_it_is_freed, "secured in time", "freed before", "free was refused")
{
    PEPROCESS const client = film.client();
    PVOID base = nullptr;
    {
        Attached attached(film, client);
        base = allocate(film, 'x');
    }
    bool freed = false;
    film.thread([&] {
        Attached attached(film, client);
        for (int i = 0; i < 3 && !freed; ++i) {
            film.linger(film.draw(12));
            freed = release(film, base) == STATUS_SUCCESS;
            if (!freed)
                film.went("free was refused");
        }
    });
    film.thread([&] {
        Attached attached(film, client);
        film.linger(film.draw(12));
        auto const secured = film.call("MmSecureVirtualMemory", base, kBytes, ULONG { PAGE_READWRITE });
        film.went(secured ? "secured in time" : "freed before");
        if (!secured)
            return;
        for (int i = 0; i < 4; ++i) {
            film.linger(film.draw(8));
            EXPECT_TRUE(ke::write_guarded(static_cast<int*>(base), i));
        }
        film.call("MmUnsecureVirtualMemory", secured);
    });
    film.join();
    if (!freed) {
        Attached attached(film, client);
        EXPECT_EQ(release(film, base), STATUS_SUCCESS);
    }
    film.end(client);
}

// A driver locks the pages of a section's view; the view is unmapped, the section closed and the client ends meanwhile.
// Shows: locked pages keep what they held until MmUnlockPages, whatever went before; what comes too late is refused.
FILM(a_view_is_unmapped_while_its_pages_are_locked, "locked in time", "unmapped before")
{
    LARGE_INTEGER size { .QuadPart = kBytes };
    HANDLE section = nullptr;
    film.ok("ZwCreateSection", &section, ULONG { SECTION_ALL_ACCESS }, &film.attributes(), &size, ULONG { PAGE_READWRITE },
            ULONG { SEC_COMMIT }, nullptr);
    PEPROCESS const client = film.client();
    PVOID view = nullptr;
    {
        Attached attached(film, client);
        SIZE_T bytes = 0;
        film.ok("ZwMapViewOfSection", section, kCurrent, &view, 0ull, 0ull, nullptr, &bytes, ViewUnmap, 0u,
                ULONG { PAGE_READWRITE });
        EXPECT_EQ(ke::ringside_fill_guarded(view, 'x', kBytes), 0u);
    }
    film.thread([&] {
        film.linger(film.draw(15));
        {
            Attached attached(film, client);
            film.ok("ZwUnmapViewOfSection", kCurrent, view);
        }
        film.linger(film.draw(15));
        film.ok("ZwClose", section);
    });
    film.thread([&] {
        film.linger(film.draw(15));
        auto* mdl = reinterpret_cast<MDL*>(
            film.call("IoAllocateMdl", view, ULONG { kBytes }, BOOLEAN { FALSE }, BOOLEAN { FALSE }, nullptr));
        bool locked = true;
        {
            Attached attached(film, client);
            try {
                film.call("MmProbeAndLockPages", mdl, KPROCESSOR_MODE { UserMode }, IoWriteAccess);
            } catch (ke::Raised const& raised) {
                EXPECT_EQ(raised.status, STATUS_ACCESS_VIOLATION);
                locked = false;
            }
        }
        film.went(locked ? "locked in time" : "unmapped before");
        if (locked) {
            auto* mapped = reinterpret_cast<char*>(film.call("MmMapLockedPagesSpecifyCache", mdl,
                                                             KPROCESSOR_MODE { KernelMode }, MmCached, nullptr, 0u,
                                                             ULONG { NormalPagePriority }));
            for (int i = 0; i < 4; ++i) {
                film.linger(film.draw(12));
                EXPECT_EQ(mapped[0] + mapped[kBytes - 1], 2 * 'x');
            }
            film.call("MmUnlockPages", mdl);
        }
        film.call("IoFreeMdl", mdl);
    });
    film.join();
    film.end(client);
}

// A driver's pageable section is locked and unlocked by two threads while a third has what may be paged out paged out.
// Shows: a locked section stays; its bytes are what they were however often it went and came back.
FILM(pageable_code_is_locked_while_memory_is_trimmed, "was away", "was there")
{
    uintptr_t const base = hal::page_round_up(reinterpret_cast<uintptr_t>(film.bytes(0x3000)));
    using sim::host::Access;
    auto& images = film.rooms().memory.images;
    images.add({ .base = base,
                 .bytes = 0x2000,
                 .sections
                 = { { .name = ".text", .begin = base, .bytes = 0x1000, .access = Access::ReadWrite, .executable = true },
                     { .name = "PAGE", .begin = base + 0x1000, .bytes = 0x1000, .access = Access::ReadWrite,
                       .pageable = true } } });
    auto* const inside = reinterpret_cast<uint32_t*>(base + 0x1234);
    EXPECT_TRUE(ke::write_guarded(inside, 77u));
    for (int t = 0; t < 2; ++t)
        film.thread([&] {
            for (int i = 0; i < 2; ++i) {
                film.linger(film.draw(10));
                film.went(images.is_away(base + 0x1234) ? "was away" : "was there");
                auto const section = film.call("MmLockPagableDataSection", inside);
                for (int j = 0; j < 2; ++j) {
                    EXPECT_FALSE(images.is_away(base + 0x1234));
                    EXPECT_EQ(ke::read_guarded<uint32_t>(inside), 77u);
                    film.linger(film.draw(6));
                }
                film.call("MmUnlockPagableImageSection", section);
            }
        });
    film.thread([&] {
        for (int i = 0; i < 4; ++i) {
            film.linger(film.draw(10));
            images.trim();
        }
    });
    film.join();
    images.bring_all_back();
    images.remove(base);
}
