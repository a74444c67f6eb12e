// SPDX-License-Identifier: MIT
// The registry, while others wait for its changes, look on, and delete what is open.
#include "film.h"

#include <cstring>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr char16_t kKey[] = u"\\Registry\\Machine\\Software\\Film";

HANDLE key(Film& film, std::u16string_view path = kKey)
{
    HANDLE handle = nullptr;
    film.ok("ZwCreateKey", &handle, ULONG { KEY_ALL_ACCESS }, &film.attributes(path), 0u, nullptr, 0u, nullptr);
    return handle;
}

NTSTATUS write(Film& film, HANDLE handle, std::u16string_view name, uint32_t number)
{
    auto& data = film.object<uint32_t>();
    data = number;
    return film.status("ZwSetValueKey", handle, &film.string(name), 0u, ULONG { REG_DWORD }, &data, 4u);
}

// The number of a REG_DWORD, or the status.
std::pair<NTSTATUS, uint32_t> read(Film& film, HANDLE handle, std::u16string_view name)
{
    auto* info = static_cast<KEY_VALUE_PARTIAL_INFORMATION*>(film.bytes(64));
    ULONG length = 0;
    NTSTATUS const status = film.status("ZwQueryValueKey", handle, &film.string(name), KeyValuePartialInformation, info,
                                        64u, &length);
    uint32_t number = 0;
    std::memcpy(&number, info->Data, 4);
    return { status, number };
}

} // namespace

// A thread waits in ZwNotifyChangeKey, again and again, until it has seen the value reach 3; another writes it three
// times.
// Shows: no change is missed for good: after each notification the value is at least what it was; the wait ends.
FILM(a_key_is_watched_while_it_changes, "one notification", "several notifications")
{
    HANDLE const watched = key(film);
    HANDLE const written = key(film);
    write(film, written, u"V", 0);
    LONG notifications = 0;
    film.thread([&] {
        HANDLE event_handle = nullptr;
        film.ok("ZwCreateEvent", &event_handle, ULONG { EVENT_ALL_ACCESS }, &film.attributes(), SynchronizationEvent,
                BOOLEAN { FALSE });
        for (;;) {
            auto& block = film.object<IO_STATUS_BLOCK>();
            NTSTATUS const status = film.status("ZwNotifyChangeKey", watched, event_handle, nullptr, nullptr, &block,
                                                ULONG { REG_NOTIFY_CHANGE_LAST_SET }, BOOLEAN { FALSE }, nullptr, 0u,
                                                BOOLEAN { TRUE });
            EXPECT_TRUE(status == STATUS_PENDING || status == STATUS_SUCCESS) << std::hex << status;
            bool const there = read(film, watched, u"V").second == 3;
            if (status == STATUS_PENDING && there) {
                film.ok("ZwClose", watched); // ends what waits
                film.ok("ZwWaitForSingleObject", event_handle, BOOLEAN { FALSE }, nullptr);
                // The last change may have come in between.
                EXPECT_TRUE(block.Status == STATUS_NOTIFY_CLEANUP || block.Status == STATUS_NOTIFY_ENUM_DIR);
                break;
            }
            if (status == STATUS_PENDING)
                film.ok("ZwWaitForSingleObject", event_handle, BOOLEAN { FALSE }, nullptr);
            if (block.Status == STATUS_NOTIFY_ENUM_DIR)
                ++notifications;
        }
        film.ok("ZwClose", event_handle);
    });
    film.thread([&] {
        for (uint32_t i = 1; i <= 3; ++i) {
            film.linger(film.draw(25));
            EXPECT_EQ(write(film, written, u"V", i), STATUS_SUCCESS);
        }
    });
    film.join();
    film.went(notifications > 1 ? "several notifications" : "one notification");
    film.ok("ZwDeleteKey", written);
    film.ok("ZwClose", written);
}

// A key is deleted while another handle reads and writes it, and a third thread makes it anew.
// Shows: after the deletion the old handle says STATUS_KEY_DELETED; the new key is empty; no operation does half its work.
FILM(a_key_is_deleted_while_it_is_used, "written in time", "deleted before", "made anew", "still the old one")
{
    HANDLE const old = key(film);
    HANDLE const deleting = key(film);
    film.thread([&] {
        film.linger(film.draw(10));
        film.ok("ZwDeleteKey", deleting);
        film.ok("ZwClose", deleting);
    });
    film.thread([&] {
        film.linger(film.draw(10));
        NTSTATUS const status = write(film, old, u"V", 7);
        film.went(status == STATUS_SUCCESS ? "written in time" : "deleted before");
        if (status != STATUS_SUCCESS)
            EXPECT_EQ(status, STATUS_KEY_DELETED);
        auto const [read_status, number] = read(film, old, u"V");
        EXPECT_TRUE(read_status == STATUS_KEY_DELETED || number == 7);
        film.ok("ZwClose", old);
    });
    film.thread([&] {
        film.linger(film.draw(10));
        ULONG disposition = 0;
        HANDLE handle = nullptr;
        film.ok("ZwCreateKey", &handle, ULONG { KEY_ALL_ACCESS }, &film.attributes(kKey), 0u, nullptr, 0u, &disposition);
        film.went(disposition == REG_CREATED_NEW_KEY ? "made anew" : "still the old one");
        if (disposition == REG_CREATED_NEW_KEY) {
            EXPECT_EQ(read(film, handle, u"V").first, STATUS_OBJECT_NAME_NOT_FOUND);
            film.ok("ZwDeleteKey", handle);
        }
        film.ok("ZwClose", handle);
    });
    film.join();
}

// A registry callback is registered and taken back while another thread writes values.
// Shows: pre and post notifications come in pairs; CmUnRegisterCallback waits for the call under way; a blocked write
// does not change the value.
FILM(a_registry_callback_goes_while_values_are_written, "let through", "blocked", "not seen")
{
    struct Shared {
        Film* film;
        LONG before, after;
        bool registered, block;
    };
    auto& s = film.object<Shared>();
    s.film = &film;
    auto routine = +[](PVOID context, PVOID what, PVOID) NTAPI -> NTSTATUS {
        auto& x = *static_cast<Shared*>(context);
        EXPECT_TRUE(x.registered);
        auto const kind = static_cast<REG_NOTIFY_CLASS>(reinterpret_cast<uintptr_t>(what));
        if (kind == RegNtPreSetValueKey) {
            ++x.before;
            x.film->linger(4);
            EXPECT_TRUE(x.registered);
            return x.block ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
        }
        if (kind == RegNtPostSetValueKey)
            ++x.after;
        return STATUS_SUCCESS;
    };
    HANDLE const handle = key(film);
    film.thread([&] {
        uint32_t value = 0;
        for (uint32_t i = 1; i <= 4; ++i) {
            film.linger(film.draw(12));
            LONG const seen = s.before;
            NTSTATUS const status = write(film, handle, u"V", i);
            if (status == STATUS_SUCCESS)
                value = i;
            else
                EXPECT_EQ(status, STATUS_ACCESS_DENIED);
            EXPECT_EQ(read(film, handle, u"V").second, value);
            film.went(status != STATUS_SUCCESS ? "blocked" : s.before != seen ? "let through" : "not seen");
        }
    });
    film.thread([&] {
        film.linger(film.draw(15));
        LARGE_INTEGER cookie {};
        s.registered = true;
        film.ok("CmRegisterCallbackEx", routine, &film.string(u"370000"), nullptr, &s, &cookie, nullptr);
        film.linger(film.draw(20));
        s.block = true;
        film.linger(film.draw(20));
        film.ok("CmUnRegisterCallback", cookie);
        s.registered = false;
    });
    film.join();
    EXPECT_LE(s.after, s.before);
    film.ok("ZwDeleteKey", handle);
    film.ok("ZwClose", handle);
}

// A symbolic-link key is pointed at another key while two threads open values through it.
// Shows: each open ends in the old target or in the new one; what was opened stays that key.
FILM(a_link_key_is_replaced_while_it_is_followed, "old target", "new target")
{
    HANDLE const first = key(film, u"\\Registry\\Machine\\Software\\FilmFirst");
    HANDLE const second = key(film, u"\\Registry\\Machine\\Software\\FilmSecond");
    write(film, first, u"V", 1);
    write(film, second, u"V", 2);
    HANDLE link = nullptr;
    film.ok("ZwCreateKey", &link, ULONG { KEY_ALL_ACCESS },
            &film.attributes(u"\\Registry\\Machine\\Software\\FilmLink"), 0u, nullptr,
            ULONG { REG_OPTION_CREATE_LINK | REG_OPTION_VOLATILE }, nullptr);
    auto point = [&](std::u16string_view target) {
        auto& text = film.string(target);
        film.ok("ZwSetValueKey", link, &film.string(u"SymbolicLinkValue"), 0u, ULONG { REG_LINK }, text.Buffer,
                ULONG { text.Length });
    };
    point(u"\\Registry\\Machine\\Software\\FilmFirst");
    for (int t = 0; t < 2; ++t)
        film.thread([&] {
            film.linger(film.draw(20));
            HANDLE opened = nullptr;
            film.ok("ZwOpenKey", &opened, ULONG { KEY_READ },
                    &film.attributes(u"\\Registry\\Machine\\Software\\FilmLink"));
            auto const [status, number] = read(film, opened, u"V");
            EXPECT_EQ(status, STATUS_SUCCESS);
            film.went(number == 1 ? "old target" : "new target");
            film.linger(film.draw(6));
            EXPECT_EQ(read(film, opened, u"V").second, number);
            film.ok("ZwClose", opened);
        });
    film.thread([&] {
        film.linger(film.draw(20));
        point(u"\\Registry\\Machine\\Software\\FilmSecond");
    });
    film.join();
    for (HANDLE each : { link, first, second }) {
        film.ok("ZwDeleteKey", each);
        film.ok("ZwClose", each);
    }
}
