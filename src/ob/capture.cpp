// SPDX-License-Identifier: MIT
#include "ob/capture.h"

#include "ke/guarded.h"
#include "ke/kernel.h"
#include "ob/manager.h"
#include "ob/security.h"

#include <algorithm>

namespace ringside::ob {

using namespace nt;

Result<std::u16string> read_string(UNICODE_STRING const* string)
{
    UNICODE_STRING const header = get(string);
    if (header.Length % sizeof(char16_t))
        return Failure { STATUS_OBJECT_NAME_INVALID };
    std::u16string text(header.Length / sizeof(char16_t), u'\0');
    if (!text.empty() && !ke::copy_guarded(text.data(), header.Buffer, header.Length)) {
        // The fault may end the machine, and this frame then owns nothing.
        text = {};
        text.shrink_to_fit();
        char16_t scratch[32];
        for (size_t at = 0; at < header.Length;) {
            size_t const piece = std::min(header.Length - at, sizeof scratch);
            ke::copy_or_raise(scratch, reinterpret_cast<uint8_t const*>(header.Buffer) + at, piece);
            at += piece;
        }
    }
    return text;
}

std::u16string read_zero_terminated(char16_t const* string)
{
    size_t length = 0;
    while (get(string + length))
        ++length;
    std::u16string text(length, u'\0');
    std::copy_n(string, length, text.begin());
    return text;
}

Result<Attributes> read_attributes(OBJECT_ATTRIBUTES const* attributes, KPROCESSOR_MODE mode)
{
    if (!attributes)
        return Attributes {};
    OBJECT_ATTRIBUTES const given = get(attributes);
    if (given.Length != sizeof given || (given.Attributes & ~OBJ_VALID_ATTRIBUTES))
        return Failure { STATUS_INVALID_PARAMETER };
    Attributes result;
    if (given.SecurityDescriptor && g_security.capture)
        result.security = TRY(g_security.capture(given.SecurityDescriptor));
    result.mode = mode;
    result.flags = given.Attributes;
    if (mode != KernelMode)
        result.flags &= ~OBJ_KERNEL_HANDLE;
    if (given.ObjectName) {
        result.path = TRY(read_string(given.ObjectName));
        result.named = true;
    }
    if (given.RootDirectory) {
        HandleTarget root = TRY(resolve_handle(current_process(), given.RootDirectory, mode));
        result.root = root.body;
        result.root_type = root.type;
    }
    return result;
}

namespace {

Result<HANDLE> open_checked(void* body, Attributes const& attributes, ACCESS_MASK desired)
{
    ACCESS_MASK const granted = TRY(allowed_access(body, desired, attributes.mode, attributes.flags));
    return open_handle(current_process(), body, HandleWish { granted, attributes.handle_flags() });
}

} // namespace

Result<HANDLE> open_named(Type& type, Attributes const& attributes, ACCESS_MASK desired)
{
    Name const name = attributes.name();
    Lookup found = TRY(&type == &symbolic_link_type ? look_up_link(name) : look_up(name));
    Result<HANDLE> handle = Failure { STATUS_OBJECT_TYPE_MISMATCH };
    if (found.type == &type && found.remaining.empty())
        handle = open_checked(found.body, attributes, desired);
    dereference(found.body);
    return handle;
}

Result<Created> create_named(Type& type, size_t body_bytes, uint32_t tag, Attributes const& attributes,
                             ACCESS_MASK desired, void (*initialize)(void* body, void* context), void* context)
{
    if (attributes.named && (attributes.flags & OBJ_OPENIF)) {
        Name const name = attributes.name();
        auto found = &type == &symbolic_link_type ? look_up_link(name) : look_up(name);
        if (found.ok()) {
            bool const same = found->type == &type && found->remaining.empty();
            Result<HANDLE> handle = Failure { STATUS_OBJECT_TYPE_MISMATCH };
            if (same)
                handle = open_checked(found->body, attributes, desired);
            void* const body = found->body;
            dereference(body);
            return Created { TRY(std::move(handle)), body, true };
        }
    }
    void* body = TRY(create(type, body_bytes, tag));
    initialize(body, context);
    void const* given = attributes.security.empty() ? nullptr : attributes.security.data();
    auto placed = attributes.named
        ? insert(body, attributes.name(), attributes.permanent(), { given, attributes.checked() })
        : given ? assign_security(manager().require(body), nullptr, given, attributes.checked())
                : Result<void>();
    if (!placed.ok()) {
        dereference(body);
        return placed.failure();
    }
    manager().require(body).exclusive = attributes.flags & OBJ_EXCLUSIVE;
    auto handle
        = open_handle(current_process(), body, HandleWish { granted_access(type, desired), attributes.handle_flags() });
    if (!handle.ok() && attributes.named)
        remove_name(body);
    dereference(body);
    return Created { TRY(std::move(handle)), body, false };
}

} // namespace ringside::ob
