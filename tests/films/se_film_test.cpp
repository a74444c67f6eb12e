// SPDX-License-Identifier: MIT
// Who a thread is, while it is asked what it may.
#include "film.h"

#include "se/sddl.h"
#include "se/security.h"

#include <cstring>

using namespace ringside;
using namespace ringside::test;

namespace {

// May the current thread read what only the System account may? By its subject context of this moment.
bool may_read(Film& film, PSECURITY_DESCRIPTOR descriptor)
{
    auto& subject = film.object<SECURITY_SUBJECT_CONTEXT>();
    film.call("SeCaptureSubjectContext", &subject);
    film.step();
    ACCESS_MASK granted = 0;
    NTSTATUS status = 0;
    GENERIC_MAPPING mapping { 0x120089, 0x120116, 0x1200A0, 0x1F01FF };
    bool const yes = film.yes("SeAccessCheck", descriptor, &subject, BOOLEAN { FALSE }, ULONG { GENERIC_READ }, 0u, nullptr,
                              &mapping, KPROCESSOR_MODE { UserMode }, &granted, &status);
    EXPECT_EQ(status, yes ? STATUS_SUCCESS : STATUS_ACCESS_DENIED);
    EXPECT_EQ(granted, yes ? 0x120089u : 0u);
    film.call("SeReleaseSubjectContext", &subject);
    return yes;
}

PSECURITY_DESCRIPTOR words(Film& film, std::u16string_view sddl)
{
    auto const bytes = se::parse_sddl(sddl)->relative();
    void* made = film.bytes(bytes.size());
    std::memcpy(made, bytes.data(), bytes.size());
    return made;
}

} // namespace

// One thread acts for a user and for itself in turn; another gives it another client from outside or none; a third asks
// what the first may.
// Shows: a subject that was captured stays what it was, whatever the thread does meanwhile; tokens go with their last
// reference, on a thread that ends while it impersonates, too.
FILM(a_thread_acts_for_a_client_while_it_is_asked, "allowed as itself", "denied as the user", "ended impersonating")
{
    PSECURITY_DESCRIPTOR const descriptor = words(film, u"D:(A;;GR;;;SY)");
    void* const user = (*film.rooms().security.make_primary(se::Account::User))->body;
    size_t const actor = film.thread([&] {
        auto* self = reinterpret_cast<PVOID>(film.call("KeGetCurrentThread"));
        for (int i = 0; i < 4; ++i) {
            film.linger(film.draw(6));
            if (i % 2)
                film.call("PsRevertToSelf");
            else
                film.ok("PsImpersonateClient", self, user, BOOLEAN { FALSE }, BOOLEAN { FALSE }, SecurityImpersonation);
            bool const allowed = may_read(film, descriptor);
            film.went(allowed ? "allowed as itself" : "denied as the user");
        }
        if (film.draw(2)) {
            film.ok("PsImpersonateClient", self, user, BOOLEAN { FALSE }, BOOLEAN { FALSE }, SecurityImpersonation);
            film.went("ended impersonating");
        } else
            film.call("PsRevertToSelf");
    });
    PKTHREAD const acting = film.thread_object(actor);
    film.thread([&] {
        for (int i = 0; i < 3; ++i) {
            film.linger(film.draw(10));
            film.ok("PsImpersonateClient", acting, i % 2 ? user : nullptr, BOOLEAN { FALSE }, BOOLEAN { FALSE },
                    SecurityImpersonation);
        }
    });
    film.thread([&] {
        for (int i = 0; i < 3; ++i) {
            film.linger(film.draw(10));
            BOOLEAN copy = 0, effective = 0;
            SECURITY_IMPERSONATION_LEVEL level {};
            auto* token = reinterpret_cast<PVOID>(
                film.call("PsReferenceImpersonationToken", acting, &copy, &effective, &level));
            if (!token)
                continue;
            EXPECT_EQ(level, SecurityImpersonation);
            film.linger(film.draw(4));
            EXPECT_FALSE(film.yes("SeTokenIsAdmin", token));
            film.call("PsDereferenceImpersonationToken", token);
        }
    });
    film.join();
    film.call("ObfDereferenceObject", user);
}

// The descriptor of an event is replaced by one thread while two others, acting for a user, open the event by its name.
// Shows: an open is judged by the old descriptor or by the new one, whole; a handle keeps what it was granted.
FILM(a_descriptor_is_replaced_while_opens_are_checked, "opened", "denied")
{
    HANDLE event = nullptr;
    auto& open = film.attributes(u"\\BaseNamedObjects\\Film");
    open.SecurityDescriptor = words(film, u"D:(A;;GA;;;WD)");
    film.ok("ZwCreateEvent", &event, ULONG { EVENT_ALL_ACCESS }, &open, NotificationEvent, BOOLEAN { FALSE });
    void* const user = (*film.rooms().security.make_primary(se::Account::User))->body;
    film.thread([&] {
        film.linger(film.draw(20));
        film.ok("ZwSetSecurityObject", event, ULONG { DACL_SECURITY_INFORMATION }, words(film, u"D:(A;;GA;;;SY)"));
    });
    for (int t = 0; t < 2; ++t)
        film.thread([&] {
            auto* self = reinterpret_cast<PVOID>(film.call("KeGetCurrentThread"));
            film.ok("PsImpersonateClient", self, user, BOOLEAN { FALSE }, BOOLEAN { FALSE }, SecurityImpersonation);
            film.linger(film.draw(20));
            HANDLE handle = nullptr;
            NTSTATUS const status
                = film.status("ZwOpenEvent", &handle, ULONG { EVENT_MODIFY_STATE },
                              &film.attributes(u"\\BaseNamedObjects\\Film", OBJ_FORCE_ACCESS_CHECK));
            film.call("PsRevertToSelf");
            film.went(status == STATUS_SUCCESS ? "opened" : "denied");
            if (status == STATUS_SUCCESS) {
                film.linger(film.draw(10));
                film.ok("ZwSetEvent", handle, nullptr);
                film.ok("ZwClose", handle);
            } else
                EXPECT_EQ(status, STATUS_ACCESS_DENIED);
        });
    film.join();
    film.ok("ZwClose", event);
    film.call("ObfDereferenceObject", user);
}

// One thread turns a privilege of the process' token on and off while two others are asked for it.
// Shows: a check sees it on or off; the last change stands.
FILM(a_privilege_is_adjusted_while_it_is_asked_for, "held", "not held")
{
    LUID const backup { SE_BACKUP_PRIVILEGE, 0 };
    HANDLE token = nullptr;
    film.ok("ZwOpenProcessTokenEx", reinterpret_cast<HANDLE>(~uint64_t { 0 }), ULONG { TOKEN_ALL_ACCESS },
            ULONG { OBJ_KERNEL_HANDLE }, &token);
    auto adjust = [&](ULONG attributes) {
        auto& change = film.object<TOKEN_PRIVILEGES>();
        change = { 1, { { backup, attributes } } };
        film.ok("ZwAdjustPrivilegesToken", token, BOOLEAN { FALSE }, &change, 0u, nullptr, nullptr);
    };
    film.thread([&] {
        for (int i = 0; i < 4; ++i) {
            film.linger(film.draw(8));
            adjust(i % 2 ? 0 : SE_PRIVILEGE_ENABLED);
        }
    });
    for (int t = 0; t < 2; ++t)
        film.thread([&] {
            for (int i = 0; i < 3; ++i) {
                film.linger(film.draw(12));
                bool const held = film.yes("SeSinglePrivilegeCheck", backup, KPROCESSOR_MODE { UserMode });
                film.went(held ? "held" : "not held");
            }
        });
    film.join();
    EXPECT_FALSE(film.yes("SeSinglePrivilegeCheck", backup, KPROCESSOR_MODE { UserMode }));
    film.ok("ZwClose", token);
}
