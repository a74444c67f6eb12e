// SPDX-License-Identifier: MIT
// Handles and names, while others close, look up, replace and delete them.
#include "film.h"

#include "ob/manager.h"

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr ULONG kTerminate = 1; // PROCESS_TERMINATE

HANDLE new_event(Film& film, OBJECT_ATTRIBUTES& attributes)
{
    HANDLE handle = nullptr;
    film.ok("ZwCreateEvent", &handle, ULONG { EVENT_ALL_ACCESS }, &attributes, NotificationEvent, BOOLEAN { FALSE });
    return handle;
}

} // namespace

// A thread closes the only handle of an event while another takes references through it and sets the event.
// Shows: a reference is got or refused, never half; an object that is referenced stays usable after its last handle.
FILM(a_handle_is_closed_while_it_is_used, "used", "closed before")
{
    HANDLE const handle = new_event(film, film.attributes());
    film.thread([&] {
        film.linger(film.draw(12));
        film.ok("ZwClose", handle);
    });
    film.thread([&] {
        for (int i = 0; i < 3; ++i) {
            PVOID object = nullptr;
            NTSTATUS const status = film.status("ObReferenceObjectByHandle", handle, ULONG { EVENT_MODIFY_STATE }, nullptr,
                                                KPROCESSOR_MODE { KernelMode }, &object, nullptr);
            film.went(status == STATUS_SUCCESS ? "used" : "closed before");
            if (status != STATUS_SUCCESS) {
                EXPECT_EQ(status, STATUS_INVALID_HANDLE);
                EXPECT_EQ(object, nullptr);
                continue;
            }
            film.linger(film.draw(6));
            EXPECT_EQ(static_cast<LONG>(film.call("KeSetEvent", object, 0, BOOLEAN { FALSE })), i != 0);
            EXPECT_EQ(static_cast<LONG>(film.call("KeReadStateEvent", object)), 1);
            film.call("ObfDereferenceObject", object);
        }
    });
    film.join();
}

// A name is opened by one thread while another makes the object temporary and closes its last handle, and a third makes
// another object of the same name.
// Shows: whoever opened the name has one of the two objects; the name is free again when the first is gone; never two of
// one name.
FILM(a_name_is_looked_up_while_it_goes, "opened the first", "opened the second", "found none", "name was taken",
     "name was free")
{
    HANDLE const first = new_event(film, film.attributes(u"\\BaseNamedObjects\\Film", OBJ_PERMANENT));
    PVOID first_object = nullptr;
    film.ok("ObReferenceObjectByHandle", first, 0u, nullptr, KPROCESSOR_MODE { KernelMode }, &first_object, nullptr);
    film.call("KeSetEvent", first_object, 0, BOOLEAN { FALSE }); // by which it is known
    film.thread([&] {
        film.linger(film.draw(10));
        film.ok("ZwMakeTemporaryObject", first);
        film.linger(film.draw(10));
        film.ok("ZwClose", first);
        film.call("ObfDereferenceObject", first_object);
    });
    film.thread([&] {
        film.linger(film.draw(30));
        HANDLE handle = nullptr;
        NTSTATUS const status = film.status("ZwOpenEvent", &handle, ULONG { EVENT_ALL_ACCESS },
                                            &film.attributes(u"\\BaseNamedObjects\\Film"));
        if (status != STATUS_SUCCESS) {
            EXPECT_EQ(status, STATUS_OBJECT_NAME_NOT_FOUND);
            film.went("found none");
            return;
        }
        LARGE_INTEGER now {};
        bool const is_first = film.status("ZwWaitForSingleObject", handle, BOOLEAN { FALSE }, &now) == STATUS_SUCCESS;
        film.went(is_first ? "opened the first" : "opened the second");
        film.linger(film.draw(4));
        film.ok("ZwClose", handle);
    });
    film.thread([&] {
        film.linger(film.draw(30));
        HANDLE handle = nullptr;
        NTSTATUS const status
            = film.status("ZwCreateEvent", &handle, ULONG { EVENT_ALL_ACCESS },
                          &film.attributes(u"\\BaseNamedObjects\\Film"), NotificationEvent, BOOLEAN { FALSE });
        film.went(status == STATUS_SUCCESS ? "name was free" : "name was taken");
        if (status != STATUS_SUCCESS) {
            EXPECT_EQ(status, STATUS_OBJECT_NAME_COLLISION);
            return;
        }
        film.linger(film.draw(10));
        film.ok("ZwClose", handle);
    });
    film.join();
}

// A symbolic link is replaced by one to another directory while two threads open a name through it.
// Shows: each open ends at one of the two targets or finds no link; what was opened stays what it is.
FILM(a_link_is_replaced_while_names_are_parsed, "old target", "new target", "no link")
{
    HANDLE const old_event = new_event(film, film.attributes(u"\\BaseNamedObjects\\Old"));
    HANDLE const other_event = new_event(film, film.attributes(u"\\BaseNamedObjects\\New"));
    film.ok("ZwSetEvent", old_event, nullptr);
    auto& link = film.string(u"\\??\\FilmLink");
    film.ok("IoCreateSymbolicLink", &link, &film.string(u"\\BaseNamedObjects\\Old"));
    for (int t = 0; t < 2; ++t)
        film.thread([&] {
            film.linger(film.draw(20));
            HANDLE handle = nullptr;
            NTSTATUS const status = film.status("ZwOpenEvent", &handle, ULONG { EVENT_ALL_ACCESS },
                                                &film.attributes(u"\\??\\FilmLink"));
            if (status != STATUS_SUCCESS) {
                EXPECT_EQ(status, STATUS_OBJECT_NAME_NOT_FOUND);
                film.went("no link");
                return;
            }
            LARGE_INTEGER now {};
            bool const old = film.status("ZwWaitForSingleObject", handle, BOOLEAN { FALSE }, &now) == STATUS_SUCCESS;
            film.went(old ? "old target" : "new target");
            film.ok("ZwClose", handle);
        });
    film.thread([&] {
        film.linger(film.draw(15));
        film.ok("IoDeleteSymbolicLink", &link);
        film.linger(film.draw(4));
        film.ok("IoCreateSymbolicLink", &link, &film.string(u"\\BaseNamedObjects\\New"));
    });
    film.join();
    film.ok("IoDeleteSymbolicLink", &link);
    film.ok("ZwClose", old_event);
    film.ok("ZwClose", other_event);
}

// Object callbacks are registered and taken back while another thread opens handles to a process.
// Shows: each open is seen before and after, or not at all; access that a callback strips is not granted; nothing is
// called after ObUnRegisterCallbacks.
FILM(object_callbacks_go_while_handles_are_opened, "seen", "not seen")
{
    struct Shared {
        Film* film;
        LONG before, after;
        bool registered;
    };
    auto& s = film.object<Shared>();
    s.film = &film;
    auto before = +[](PVOID context, OB_PRE_OPERATION_INFORMATION* operation) NTAPI -> OB_PREOP_CALLBACK_STATUS {
        auto& x = *static_cast<Shared*>(context);
        EXPECT_TRUE(x.registered);
        ++x.before;
        operation->Parameters->CreateHandleInformation.DesiredAccess &= ~kTerminate;
        x.film->linger(3);
        EXPECT_TRUE(x.registered);
        return OB_PREOP_SUCCESS;
    };
    auto after = +[](PVOID context, OB_POST_OPERATION_INFORMATION*) NTAPI {
        auto& x = *static_cast<Shared*>(context);
        EXPECT_TRUE(x.registered);
        ++x.after;
    };
    PEPROCESS const client = film.client();
    auto& operation = film.object<OB_OPERATION_REGISTRATION>();
    operation = { &film.object<OBJECT_TYPE*>(), OB_OPERATION_HANDLE_CREATE, before, after };
    *operation.ObjectType = ob::process_type.guest;
    auto& registration = film.object<OB_CALLBACK_REGISTRATION>();
    registration = { OB_FLT_REGISTRATION_VERSION, 1, film.string(u"1000"), &s, &operation };
    film.thread([&] {
        film.linger(film.draw(20));
        PVOID handle = nullptr;
        s.registered = true;
        film.ok("ObRegisterCallbacks", &registration, &handle);
        film.linger(film.draw(20));
        film.call("ObUnRegisterCallbacks", handle);
        s.registered = false;
        EXPECT_EQ(s.before, s.after);
    });
    film.thread([&] {
        for (int i = 0; i < 3; ++i) {
            film.linger(film.draw(10));
            LONG const seen = s.before;
            HANDLE handle = nullptr;
            film.ok("ObOpenObjectByPointer", client, 0u, nullptr, kTerminate | SYNCHRONIZE,
                    ob::process_type.guest, KPROCESSOR_MODE { UserMode }, &handle);
            OBJECT_HANDLE_INFORMATION about {};
            PVOID object = nullptr;
            film.ok("ObReferenceObjectByHandle", handle, ULONG { SYNCHRONIZE }, nullptr, KPROCESSOR_MODE { UserMode },
                    &object, &about);
            bool const stripped = !(about.GrantedAccess & kTerminate);
            EXPECT_EQ(stripped, s.before != seen);
            film.went(stripped ? "seen" : "not seen");
            film.call("ObfDereferenceObject", object);
            film.ok("ZwClose", handle);
        }
    });
    film.join();
    film.end(client);
}
