// SPDX-License-Identifier: MIT
// Keys by handle.
#include "cm_stage.h"

#include "cm/key_security.h"
#include "cm/notify.h"
#include "se/sddl.h"

namespace ringside::test {

using namespace nt;

SAMPLE(ZwCreateKey)
{
    auto& handle = at.object<HANDLE>();
    auto& disposition = at.object<ULONG>();
    auto& given = attributes_of(at, kSampleKey);
    at.status(STATUS_SUCCESS, &handle, KEY_ALL_ACCESS, &given, 0, &at.string(u"Class"), REG_OPTION_NON_VOLATILE,
              &disposition);
    EXPECT_EQ(disposition, REG_CREATED_NEW_KEY);
    at.status(STATUS_SUCCESS, &handle, KEY_ALL_ACCESS, &given, 0, nullptr, 0, &disposition);
    EXPECT_EQ(disposition, REG_OPENED_EXISTING_KEY);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &handle, KEY_ALL_ACCESS, &attributes_of(at, u"a\\b", handle), 0, nullptr, 0,
              nullptr);
    at.status(STATUS_INVALID_PARAMETER, &handle, KEY_ALL_ACCESS, &given, 0, nullptr, 0x100, nullptr);
    at.status(STATUS_INVALID_PARAMETER, &handle, KEY_ALL_ACCESS, nullptr, 0, nullptr, 0, nullptr);
}

SAMPLE_AS(ZwCreateKey, guarded)
{
    auto& handle = at.object<HANDLE>();
    auto& given = attributes_of(at, kSampleKey);
    auto const bytes = se::parse_sddl(u"O:SYG:SYD:P(A;;KR;;;BU)")->relative();
    given.SecurityDescriptor = at.bytes(bytes.size());
    std::memcpy(given.SecurityDescriptor, bytes.data(), bytes.size());
    at.status(STATUS_SUCCESS, &handle, KEY_ALL_ACCESS, &given, 0, nullptr, 0, nullptr);
    cm::Key const* key = at.rooms().registry.find(kSampleKey);
    ASSERT_NE(key, nullptr);
    EXPECT_EQ(se::print_sddl(se::Descriptor(cm::descriptor_of(*key).data()), 0xF), u"O:SYG:SYD:P(A;;KR;;;BU)");
    static_cast<uint8_t*>(given.SecurityDescriptor)[0] = 9;
    at.status(STATUS_UNKNOWN_REVISION, &handle, KEY_ALL_ACCESS, &given, 0, nullptr, 0, nullptr);
}

SAMPLE(ZwOpenKey)
{
    auto& handle = at.object<HANDLE>();
    at.status(STATUS_SUCCESS, &handle, KEY_READ, &attributes_of(at, u"\\Registry\\Machine\\Software"));
    EXPECT_NE(handle, nullptr);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &handle, KEY_READ, &attributes_of(at, u"\\Registry\\Machine\\Nothing"));
    at.status(STATUS_OBJECT_TYPE_MISMATCH, &handle, KEY_READ, &attributes_of(at, u"\\Device"));
    at.status(STATUS_KEY_DELETED, &handle, KEY_READ, &attributes_of(at, u"", make_deleted_key(at)));
    at.status(STATUS_INVALID_HANDLE, &handle, KEY_READ, &attributes_of(at, u"x", no_handle()));
    at.status(STATUS_INVALID_PARAMETER, &handle, KEY_READ, nullptr);
}

SAMPLE(ZwOpenKeyEx)
{
    auto& handle = at.object<HANDLE>();
    auto& given = attributes_of(at, u"\\Registry\\Machine\\System\\CurrentControlSet");
    at.status(STATUS_SUCCESS, &handle, KEY_READ, &given, REG_OPTION_OPEN_LINK);
    EXPECT_NE(handle, nullptr);
    at.status(STATUS_INVALID_PARAMETER, &handle, KEY_READ, &given, REG_OPTION_VOLATILE);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &handle, KEY_READ, &attributes_of(at, u"\\Registry\\X"), 0);
}

SAMPLE(ZwDeleteKey)
{
    HANDLE const key = make_key(at);
    HANDLE const below = make_key(at, u"Below", key);
    at.status(STATUS_CANNOT_DELETE, key);
    at.status(STATUS_SUCCESS, below);
    at.status(STATUS_SUCCESS, key);
    at.status(STATUS_KEY_DELETED, key);
    at.status(STATUS_INVALID_HANDLE, no_handle());
    EXPECT_EQ(at.rooms().registry.find(kSampleKey), nullptr);
}

SAMPLE(ZwFlushKey)
{
    at.status(STATUS_SUCCESS, make_key(at));
    at.status(STATUS_KEY_DELETED, make_deleted_key(at));
    at.status(STATUS_INVALID_HANDLE, no_handle());
}

SAMPLE(ZwQueryKey)
{
    HANDLE const key = make_key(at);
    auto& info = at.object<KEY_FULL_INFORMATION>();
    auto& length = at.object<ULONG>();
    make_key(at, u"Below", key);
    at.status(STATUS_SUCCESS, key, KeyFullInformation, &info, sizeof info, &length);
    EXPECT_EQ(info.SubKeys, 1u);
    EXPECT_EQ(info.MaxNameLen, 10u);
    EXPECT_EQ(length, offsetof(KEY_FULL_INFORMATION, Class));
    at.status(STATUS_BUFFER_TOO_SMALL, key, KeyFullInformation, &info, 4, &length);
    at.status(STATUS_BUFFER_OVERFLOW, key, KeyBasicInformation, &info, 18, &length);
    at.status(STATUS_INVALID_PARAMETER, key, MaxKeyInfoClass, &info, sizeof info, &length);
    at.status(STATUS_KEY_DELETED, make_deleted_key(at), KeyFullInformation, &info, sizeof info, &length);
}

SAMPLE(ZwEnumerateKey)
{
    HANDLE const key = make_key(at);
    make_key(at, u"B", key);
    make_key(at, u"a", key);
    auto& info = at.object<KEY_BASIC_INFORMATION>();
    auto& length = at.object<ULONG>();
    at.status(STATUS_SUCCESS, key, 0, KeyBasicInformation, &info, sizeof info, &length);
    EXPECT_EQ(info.Name[0], u'a');
    at.status(STATUS_SUCCESS, key, 1, KeyBasicInformation, &info, sizeof info, &length);
    EXPECT_EQ(info.Name[0], u'B');
    at.status(STATUS_NO_MORE_ENTRIES, key, 2, KeyBasicInformation, &info, sizeof info, &length);
    at.status(STATUS_BUFFER_TOO_SMALL, key, 0, KeyBasicInformation, &info, 4, &length);
    at.status(STATUS_INVALID_PARAMETER, key, 0, KeyNameInformation, &info, sizeof info, &length);
}

SAMPLE(ZwRenameKey)
{
    HANDLE const key = make_key(at);
    HANDLE const below = make_key(at, u"Below", key);
    make_key(at, u"There", key);
    at.status(STATUS_SUCCESS, below, &at.string(u"Renamed"));
    EXPECT_NE(at.rooms().registry.find(u"\\Registry\\Machine\\Software\\Sample\\Renamed"), nullptr);
    at.status(STATUS_OBJECT_NAME_COLLISION, below, &at.string(u"there"));
    at.status(STATUS_INVALID_PARAMETER, below, &at.string(u"a\\b"));
    at.status(STATUS_KEY_DELETED, make_deleted_key(at), &at.string(u"x"));
}

SAMPLE(ZwSetInformationKey)
{
    HANDLE const key = make_key(at);
    auto& time = at.object<KEY_WRITE_TIME_INFORMATION>();
    time.LastWriteTime.QuadPart = 123;
    at.status(STATUS_SUCCESS, key, KeyWriteTimeInformation, &time, sizeof time);
    EXPECT_EQ(at.rooms().registry.find(kSampleKey)->last_write, 123);
    at.status(STATUS_INFO_LENGTH_MISMATCH, key, KeyWriteTimeInformation, &time, 4);
    at.status(STATUS_INVALID_INFO_CLASS, key, MaxKeySetInfoClass, &time, 8);
    at.status(STATUS_KEY_DELETED, make_deleted_key(at), KeyWriteTimeInformation, &time, sizeof time);
}

SAMPLE(ZwNotifyChangeKey)
{
    HANDLE const key = make_key(at);
    auto& io = at.object<IO_STATUS_BLOCK>();
    at.status(STATUS_PENDING, key, nullptr, nullptr, nullptr, &io, REG_NOTIFY_CHANGE_LAST_SET, FALSE, nullptr, 0, TRUE);
    EXPECT_EQ(io.Status, STATUS_PENDING);
    set_number(at, key, u"V", 1);
    EXPECT_EQ(io.Status, STATUS_NOTIFY_ENUM_DIR);
    at.status(STATUS_INVALID_PARAMETER, key, nullptr, nullptr, nullptr, &io, 0, FALSE, nullptr, 0, TRUE);
    at.status(STATUS_KEY_DELETED, make_deleted_key(at), nullptr, nullptr, nullptr, &io, REG_NOTIFY_CHANGE_NAME, FALSE,
              nullptr, 0, TRUE);
}

} // namespace ringside::test
