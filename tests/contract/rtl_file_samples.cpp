// SPDX-License-Identifier: MIT
// Names of files, prefix tables, compression.
#include "contract.h"

#include "rtl/compression.h"
#include "rtl/file_name.h"
#include "rtl/strings.h"
#include "rtl/unicode_prefix.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;
using namespace ringside::rtl;

namespace {

STRING& text(At& at, char const* characters)
{
    auto const length = static_cast<USHORT>(std::strlen(characters));
    auto* copy = static_cast<char*>(at.bytes(length + 1u));
    std::memcpy(copy, characters, length);
    auto& string = at.object<STRING>();
    string = { length, length, copy };
    return string;
}

// 4096 letters and what LZNT1 makes of them.
struct Packed {
    UCHAR* plain;
    UCHAR* packed;
    UCHAR* room;
    ULONG packed_size;
    ULONG& final_size;
};

Packed packed(At& at, USHORT format = COMPRESSION_FORMAT_LZNT1)
{
    Packed p { static_cast<UCHAR*>(at.bytes(4096)), static_cast<UCHAR*>(at.bytes(4096)),
               static_cast<UCHAR*>(at.bytes(4096)), 0, at.object<ULONG>() };
    for (int i = 0; i < 4096; ++i)
        p.plain[i] = static_cast<UCHAR>('a' + i % 13);
    RtlCompressBuffer(format, p.plain, 4096, p.packed, 4096, 4096, &p.final_size, nullptr);
    p.packed_size = p.final_size;
    p.final_size = 0;
    return p;
}

void same(Packed const& p, ULONG offset = 0)
{
    EXPECT_EQ(p.final_size, 4096u - offset);
    EXPECT_EQ(std::memcmp(p.room, p.plain + offset, 4096 - offset), 0);
}

} // namespace

SAMPLE(FsRtlDoesNameContainWildCards)
{
    for (auto wild : { u"a*", u"a?", u"<", u"b>b", u"\"" })
        at.returns(BOOLEAN { TRUE }, &at.string(wild));
    at.returns(BOOLEAN { FALSE }, &at.string(u"plain.txt"));
}

SAMPLE(FsRtlIsNameInExpression)
{
    at.returns(BOOLEAN { TRUE }, &at.string(u"A*.TXT"), &at.string(u"abc.txt"), TRUE, nullptr);
    at.returns(BOOLEAN { FALSE }, &at.string(u"A*.TXT"), &at.string(u"abc.txt"), FALSE, nullptr);
    at.returns(BOOLEAN { FALSE }, &at.string(u"*"), &at.string(u""), FALSE, nullptr);
}

SAMPLE(FsRtlIsNameInUnUpcasedExpression)
{
    at.returns(BOOLEAN { TRUE }, &at.string(u"a*.txt"), &at.string(u"ABC.TXT"), TRUE, nullptr);
    at.returns(BOOLEAN { FALSE }, &at.string(u"a*.txt"), &at.string(u"ABC.TXT"), FALSE, nullptr);
}

SAMPLE(FsRtlAreNamesEqual)
{
    at.returns(BOOLEAN { TRUE }, &at.string(u"Name"), &at.string(u"nAME"), TRUE, nullptr);
    at.returns(BOOLEAN { FALSE }, &at.string(u"Name"), &at.string(u"nAME"), FALSE, nullptr);
}

SAMPLE(FsRtlDissectName)
{
    auto& first = at.object<UNICODE_STRING>();
    auto& rest = at.object<UNICODE_STRING>();
    at.call(&at.string(u"\\one\\two\\three"), &first, &rest);
    EXPECT_EQ(view(first), u"one");
    EXPECT_EQ(view(rest), u"two\\three");
}

SAMPLE(FsRtlDissectDbcs)
{
    auto& first = at.object<STRING>();
    auto& rest = at.object<STRING>();
    at.call(&text(at, "one\\two"), &first, &rest);
    EXPECT_EQ(view(first), "one");
    EXPECT_EQ(view(rest), "two");
}

SAMPLE(FsRtlDoesDbcsContainWildCards)
{
    at.returns(BOOLEAN { TRUE }, &text(at, "a*"));
    at.returns(BOOLEAN { FALSE }, &text(at, "a"));
}

SAMPLE(FsRtlIsDbcsInExpression)
{
    at.returns(BOOLEAN { TRUE }, &text(at, "A*.T?T"), &text(at, "ABC.TXT"));
    at.returns(BOOLEAN { FALSE }, &text(at, "A*.T?T"), &text(at, "ABC.TX"));
}

SAMPLE(FsRtlIsFatDbcsLegal)
{
    at.returns(BOOLEAN { TRUE }, &text(at, "\\DIR\\FILE.TXT"), FALSE, TRUE, TRUE);
    at.returns(BOOLEAN { FALSE }, &text(at, "\\DIR\\FILE.TXT"), FALSE, FALSE, TRUE);
    at.returns(BOOLEAN { FALSE }, &text(at, "LONGERNAME.TXT"), FALSE, TRUE, TRUE);
}

SAMPLE(FsRtlIsHpfsDbcsLegal)
{
    at.returns(BOOLEAN { TRUE }, &text(at, "A longer name"), FALSE, FALSE, FALSE);
    at.returns(BOOLEAN { FALSE }, &text(at, "ends."), FALSE, FALSE, FALSE);
}

SAMPLE(FsRtlIsNtstatusExpected)
{
    at.returns(BOOLEAN { TRUE }, STATUS_DISK_FULL);
    for (NTSTATUS fatal : { STATUS_ACCESS_VIOLATION, STATUS_DATATYPE_MISALIGNMENT, STATUS_ILLEGAL_INSTRUCTION })
        at.returns(BOOLEAN { FALSE }, fatal);
}

SAMPLE(FsRtlNormalizeNtstatus)
{
    at.status(STATUS_DISK_FULL, STATUS_DISK_FULL, STATUS_UNEXPECTED_IO_ERROR);
    at.status(STATUS_UNEXPECTED_IO_ERROR, STATUS_ACCESS_VIOLATION, STATUS_UNEXPECTED_IO_ERROR);
}

SAMPLE(FsRtlIsTotalDeviceFailure)
{
    at.returns(BOOLEAN { TRUE }, STATUS_DEVICE_NOT_CONNECTED);
    for (NTSTATUS other : { STATUS_SUCCESS, STATUS_CRC_ERROR, STATUS_DEVICE_DATA_ERROR })
        at.returns(BOOLEAN { FALSE }, other);
}

SAMPLE(RtlGenerate8dot3Name)
{
    auto& context = at.object<GENERATE_NAME_CONTEXT>();
    auto& made = at.object<UNICODE_STRING>();
    made = { 0, 24, static_cast<char16_t*>(at.bytes(24)) };
    at.status(STATUS_SUCCESS, &at.string(u"A long name.text"), FALSE, &context, &made);
    EXPECT_EQ(view(made), u"ALONGN~1.TEX");
    context.LastIndexValue = 1'000'000;
    at.status(STATUS_FILE_SYSTEM_LIMITATION, &at.string(u"A long name.text"), FALSE, &context, &made);
}

SAMPLE(RtlIsNameLegalDOS8Dot3)
{
    auto& oem = at.object<STRING>();
    oem = { 0, 12, static_cast<char*>(at.bytes(12)) };
    auto& spaces = at.object<BOOLEAN>();
    at.returns(BOOLEAN { TRUE }, &at.string(u"a b.txt"), &oem, &spaces);
    EXPECT_EQ(view(oem), "A B.TXT");
    EXPECT_TRUE(spaces);
    at.returns(BOOLEAN { FALSE }, &at.string(u"a.text"), &oem, &spaces);
    at.returns(BOOLEAN { FALSE }, &at.string(u"much too long.txt"), nullptr, nullptr);
    at.returns(BOOLEAN { TRUE }, &at.string(u".."), nullptr, nullptr);
}

SAMPLE(RtlInitializeUnicodePrefix)
{
    auto& table = at.object<UNICODE_PREFIX_TABLE>();
    std::memset(&table, 0xFF, sizeof table);
    at.call(&table);
    EXPECT_EQ(RtlNextUnicodePrefix(&table, TRUE), nullptr);
}

SAMPLE(RtlInsertUnicodePrefix)
{
    auto& table = at.object<UNICODE_PREFIX_TABLE>();
    auto& entry = at.object<UNICODE_PREFIX_TABLE_ENTRY>();
    auto& other = at.object<UNICODE_PREFIX_TABLE_ENTRY>();
    auto& prefix = at.string(u"\\dir");
    at.returns(BOOLEAN { TRUE }, &table, &prefix, &entry);
    at.returns(BOOLEAN { FALSE }, &table, &prefix, &other);
    EXPECT_EQ(RtlFindUnicodePrefix(&table, &prefix, 0), &entry);
}

SAMPLE(RtlRemoveUnicodePrefix)
{
    auto& table = at.object<UNICODE_PREFIX_TABLE>();
    auto& entry = at.object<UNICODE_PREFIX_TABLE_ENTRY>();
    auto& prefix = at.string(u"\\dir");
    RtlInsertUnicodePrefix(&table, &prefix, &entry);
    at.call(&table, &entry);
    EXPECT_EQ(RtlFindUnicodePrefix(&table, &prefix, 0), nullptr);
}

SAMPLE(RtlFindUnicodePrefix)
{
    auto& table = at.object<UNICODE_PREFIX_TABLE>();
    auto& entry = at.object<UNICODE_PREFIX_TABLE_ENTRY>();
    RtlInsertUnicodePrefix(&table, &at.string(u"\\dir"), &entry);
    at.returns(&entry, &table, &at.string(u"\\DIR\\file"), 0);
    at.returns(PVOID { nullptr }, &table, &at.string(u"\\DIR\\file"), 9);
    at.returns(PVOID { nullptr }, &table, &at.string(u"\\dirt"), 0);
}

SAMPLE(RtlNextUnicodePrefix)
{
    auto& table = at.object<UNICODE_PREFIX_TABLE>();
    auto& a = at.object<UNICODE_PREFIX_TABLE_ENTRY>();
    auto& b = at.object<UNICODE_PREFIX_TABLE_ENTRY>();
    RtlInsertUnicodePrefix(&table, &at.string(u"\\b"), &b);
    RtlInsertUnicodePrefix(&table, &at.string(u"\\a"), &a);
    at.returns(&a, &table, TRUE);
    at.returns(&b, &table, FALSE);
    at.returns(PVOID { nullptr }, &table, FALSE);
}

SAMPLE(RtlGetCompressionWorkSpaceSize)
{
    auto& buffer = at.object<ULONG>();
    auto& fragment = at.object<ULONG>();
    at.status(STATUS_SUCCESS, COMPRESSION_FORMAT_XPRESS | COMPRESSION_ENGINE_MAXIMUM, &buffer, &fragment);
    EXPECT_TRUE(buffer && fragment);
    at.status(STATUS_INVALID_PARAMETER, COMPRESSION_FORMAT_NONE, &buffer, &fragment);
    at.status(STATUS_INVALID_PARAMETER, COMPRESSION_FORMAT_DEFAULT, &buffer, &fragment);
    at.status(STATUS_UNSUPPORTED_COMPRESSION, 9, &buffer, &fragment);
    at.status(STATUS_NOT_SUPPORTED, COMPRESSION_FORMAT_LZNT1 | COMPRESSION_ENGINE_HIBER, &buffer, &fragment);
}

SAMPLE(RtlCompressBuffer)
{
    Packed p = packed(at);
    at.status(STATUS_SUCCESS, COMPRESSION_FORMAT_LZNT1, p.plain, 4096, p.packed, 4096, 4096, &p.final_size, nullptr);
    EXPECT_EQ(p.final_size, p.packed_size);
    EXPECT_LT(p.final_size, 1000u);
    auto* zeros = at.bytes(4096);
    at.status(STATUS_BUFFER_ALL_ZEROS, COMPRESSION_FORMAT_LZNT1, zeros, 4096, p.packed, 4096, 4096, &p.final_size,
              nullptr);
    at.status(STATUS_BUFFER_TOO_SMALL, COMPRESSION_FORMAT_LZNT1, p.plain, 4096, p.packed, 10, 4096, &p.final_size,
              nullptr);
    at.status(STATUS_INVALID_PARAMETER, 0, p.plain, 4096, p.packed, 4096, 4096, &p.final_size, nullptr);
    at.status(STATUS_INVALID_PARAMETER, COMPRESSION_FORMAT_LZNT1, p.plain, 4096, p.packed, 4096, 4000, &p.final_size,
              nullptr);
    at.status(STATUS_UNSUPPORTED_COMPRESSION, 5, p.plain, 4096, p.packed, 4096, 4096, &p.final_size, nullptr);
    at.status(STATUS_NOT_SUPPORTED, COMPRESSION_FORMAT_LZNT1 | 0x300, p.plain, 4096, p.packed, 4096, 4096,
              &p.final_size, nullptr);
}

SAMPLE(RtlDecompressBuffer)
{
    Packed p = packed(at);
    at.status(STATUS_SUCCESS, COMPRESSION_FORMAT_LZNT1, p.room, 4096, p.packed, p.packed_size, &p.final_size);
    same(p);
    at.status(STATUS_BAD_COMPRESSION_BUFFER, COMPRESSION_FORMAT_LZNT1, p.room, 100, p.packed, p.packed_size,
              &p.final_size);
    at.status(STATUS_BAD_COMPRESSION_BUFFER, COMPRESSION_FORMAT_LZNT1, p.room, 4096, p.plain, 100, &p.final_size);
    at.status(STATUS_INVALID_PARAMETER, COMPRESSION_FORMAT_DEFAULT, p.room, 4096, p.packed, 10, &p.final_size);
    at.status(STATUS_UNSUPPORTED_COMPRESSION, 7, p.room, 4096, p.packed, 10, &p.final_size);
}

SAMPLE(RtlDecompressBufferEx)
{
    Packed p = packed(at, COMPRESSION_FORMAT_XPRESS_HUFF);
    at.status(STATUS_SUCCESS, COMPRESSION_FORMAT_XPRESS_HUFF, p.room, 4096, p.packed, p.packed_size, &p.final_size,
              nullptr);
    same(p);
    at.status(STATUS_BAD_COMPRESSION_BUFFER, COMPRESSION_FORMAT_XPRESS_HUFF, p.room, 4096, p.packed, 100, &p.final_size,
              nullptr);
}

SAMPLE(RtlDecompressBufferEx2)
{
    Packed p = packed(at);
    at.status(STATUS_SUCCESS, COMPRESSION_FORMAT_LZNT1, p.room, 4096, p.packed, p.packed_size, 4096, &p.final_size,
              nullptr);
    same(p);
    at.status(STATUS_INVALID_PARAMETER, COMPRESSION_FORMAT_LZNT1, p.room, 4096, p.packed, p.packed_size, 100,
              &p.final_size, nullptr);
}

SAMPLE(RtlDecompressFragment)
{
    Packed p = packed(at);
    at.status(STATUS_SUCCESS, COMPRESSION_FORMAT_LZNT1, p.room, 4096, p.packed, p.packed_size, 1000, &p.final_size,
              at.bytes(4096));
    same(p, 1000);
    at.status(STATUS_UNSUPPORTED_COMPRESSION, COMPRESSION_FORMAT_XPRESS, p.room, 4096, p.packed, p.packed_size, 0,
              &p.final_size, nullptr);
    at.status(STATUS_BAD_COMPRESSION_BUFFER, COMPRESSION_FORMAT_LZNT1, p.room, 4096, p.plain, 100, 0, &p.final_size,
              nullptr);
}

SAMPLE(RtlDecompressFragmentEx)
{
    Packed p = packed(at);
    at.status(STATUS_SUCCESS, COMPRESSION_FORMAT_LZNT1, p.room, 4096, p.packed, p.packed_size, 10, 4096, &p.final_size,
              nullptr);
    same(p, 10);
    at.status(STATUS_INVALID_PARAMETER, COMPRESSION_FORMAT_LZNT1, p.room, 4096, p.packed, p.packed_size, 10, 1,
              &p.final_size, nullptr);
}
