// SPDX-License-Identifier: MIT
#include "cm/relative_key.h"

#include "cm/ddi.h"
#include "cm/value_data.h"
#include "ob/capture.h"

namespace ringside::cm {

using namespace nt;

namespace {

// In the order of RTL_REGISTRY_ABSOLUTE, _SERVICES, ... A system process' user is the default one, and so is a client's
// here: there are no others.
constexpr std::u16string_view kPlaces[RTL_REGISTRY_MAXIMUM] = {
    u"",
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Services",
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Control",
    u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
    u"\\Registry\\Machine\\Hardware\\DeviceMap",
    u"\\Registry\\User\\.Default",
};
constexpr size_t kPathMax = 0x7FFF;

} // namespace

RelativeKey::RelativeKey(ULONG relative_to, PCWSTR path, bool create)
{
    if (relative_to & RTL_REGISTRY_HANDLE) {
        m_handle = const_cast<HANDLE>(static_cast<void const*>(path));
        return;
    }
    ULONG const place = relative_to & ~RTL_REGISTRY_OPTIONAL;
    if (place >= RTL_REGISTRY_MAXIMUM) {
        m_status = STATUS_INVALID_PARAMETER;
        return;
    }
    size_t length = 0;
    while (path && ob::get(path + length))
        ++length;
    open(nullptr, kPlaces[place], { path, length }, create);
}

RelativeKey::RelativeKey(HANDLE root, std::u16string_view path) { open(root, {}, path, false); }

RelativeKey::~RelativeKey()
{
    if (m_ours)
        static_cast<void>(ob::close_handle(ob::current_process(), m_handle, KernelMode));
}

void RelativeKey::open(HANDLE root, std::u16string_view place, std::u16string_view path, bool create)
{
    bool const joined = !place.empty() && !path.empty();
    size_t const length = place.size() + joined + path.size();
    if (length > kPathMax) {
        m_status = STATUS_NAME_TOO_LONG;
        return;
    }
    PoolBytes const text(length * sizeof(char16_t));
    if (!text.ok()) {
        m_status = STATUS_INSUFFICIENT_RESOURCES;
        return;
    }
    auto* at = reinterpret_cast<char16_t*>(text.data());
    at = std::copy(place.begin(), place.end(), at);
    if (joined)
        *at++ = u'\\';
    std::copy(path.begin(), path.end(), at);
    auto const bytes = static_cast<USHORT>(length * sizeof(char16_t));
    UNICODE_STRING name { bytes, bytes, reinterpret_cast<PWSTR>(text.data()) };
    OBJECT_ATTRIBUTES attributes { .Length = sizeof attributes,
                                   .RootDirectory = root,
                                   .ObjectName = &name,
                                   .Attributes = OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE };
    m_status = create ? ZwCreateKey(&m_handle, KEY_ALL_ACCESS, &attributes, 0, nullptr, 0, nullptr)
                      : ZwOpenKey(&m_handle, KEY_ALL_ACCESS, &attributes);
    m_ours = NT_SUCCESS(m_status);
}

} // namespace ringside::cm
