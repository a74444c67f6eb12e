// SPDX-License-Identifier: MIT
// Rows: names of files, prefix tables, compression.
#include "rtl/ddi_row.h"

#include "rtl/compression.h"
#include "rtl/file_name.h"
#include "rtl/unicode_prefix.h"

namespace ringside::rtl {

std::span<Ddi const> file_rows()
{
    constexpr char const* kNoDll = "data/ddi.csv leaves it out: its page names no DLL";
    constexpr char const* kReserved = "the page reserves it, and tells nothing of the form of chunks";
    static Ddi const rows[] {
        // Names.
        { .name = "FsRtlDoesNameContainWildCards", .irql = kPassive, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtldoesnamecontainwildcards",
          .body = body<&FsRtlDoesNameContainWildCards>() },
        { .name = "FsRtlIsNameInExpression", .irql = kPassive, .fail = Fail::Raise, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlisnameinexpression",
          .body = body<&FsRtlIsNameInExpression>() },
        { .name = "FsRtlIsNameInUnUpcasedExpression", .irql = kPassive, .since = Windows::v10_1803,
          .page = "ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlisnameinunupcasedexpression~r3",
          .body = body<&FsRtlIsNameInUnUpcasedExpression>() },
        { .name = "FsRtlAreNamesEqual", .irql = kPassive, .fail = Fail::Raise, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlarenamesequal",
          .body = body<&FsRtlAreNamesEqual>() },
        { .name = "FsRtlDissectName", .irql = kPassive, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtldissectname", .body = body<&FsRtlDissectName>() },
        { .name = "FsRtlDoesDbcsContainWildCards", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtldoesdbcscontainwildcards",
          .body = body<&FsRtlDoesDbcsContainWildCards>() },
        { .name = "FsRtlIsDbcsInExpression", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlisdbcsinexpression",
          .body = body<&FsRtlIsDbcsInExpression>() },
        { .name = "FsRtlDissectDbcs", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtldissectdbcs", .body = body<&FsRtlDissectDbcs>() },
        { .name = "FsRtlIsFatDbcsLegal", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlisfatdbcslegal",
          .body = body<&FsRtlIsFatDbcsLegal>() },
        { .name = "FsRtlIsHpfsDbcsLegal", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlishpfsdbcslegal",
          .body = body<&FsRtlIsHpfsDbcsLegal>() },
        { .name = "FsRtlIsNtstatusExpected", .irql = kAnyIrql, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlisntstatusexpected",
          .body = body<&FsRtlIsNtstatusExpected>() },
        { .name = "FsRtlNormalizeNtstatus", .irql = kAnyIrql, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlnormalizentstatus",
          .body = body<&FsRtlNormalizeNtstatus>() },
        { .name = "FsRtlIsTotalDeviceFailure", .irql = kAnyIrql, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-fsrtlistotaldevicefailure", .body = body<&FsRtlIsTotalDeviceFailure>() },
        { .name = "RtlGenerate8dot3Name", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlgenerate8dot3name", .body = body<&RtlGenerate8dot3Name>() },
        { .name = "RtlIsNameLegalDOS8Dot3", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlisnamelegaldos8dot3", .because = "the remarks: below DISPATCH_LEVEL",
          .body = body<&RtlIsNameLegalDOS8Dot3>() },
        // Prefix tables.
        { .name = "RtlInitializeUnicodePrefix", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlinitializeunicodeprefix", .body = body<&RtlInitializeUnicodePrefix>() },
        { .name = "RtlInsertUnicodePrefix", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlinsertunicodeprefix", .body = body<&RtlInsertUnicodePrefix>() },
        { .name = "RtlRemoveUnicodePrefix", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlremoveunicodeprefix", .body = body<&RtlRemoveUnicodePrefix>() },
        { .name = "RtlFindUnicodePrefix", .irql = kPassive, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlfindunicodeprefix", .body = body<&RtlFindUnicodePrefix>() },
        { .name = "RtlNextUnicodePrefix", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlnextunicodeprefix", .body = body<&RtlNextUnicodePrefix>() },
        // Compression.
        { .name = "RtlCompressChunks", .because = kNoDll, .declined = kReserved },
        { .name = "RtlDecompressChunks", .because = kNoDll, .declined = kReserved },
        { .name = "RtlDescribeChunk", .because = kNoDll, .declined = kReserved },
        { .name = "RtlReserveChunk", .because = kNoDll, .declined = kReserved },
        { .name = "RtlCreateSystemVolumeInformationFolder",
          .page = "ntifs/nf-ntifs-rtlcreatesystemvolumeinformationfolder",
          .declined = "no volume of this machine keeps information of the system's" },
        { .name = "RtlGetCompressionWorkSpaceSize", .irql = kUpToApc, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-rtlgetcompressionworkspacesize", .body = body<&RtlGetCompressionWorkSpaceSize>() },
        { .name = "RtlCompressBuffer", .irql = kUpToApc, .page = "ntifs/nf-ntifs-rtlcompressbuffer",
          .body = body<&RtlCompressBuffer>() },
        { .name = "RtlDecompressBuffer", .irql = kUpToApc, .page = "ntifs/nf-ntifs-rtldecompressbuffer",
          .body = body<&RtlDecompressBuffer>() },
        { .name = "RtlDecompressBufferEx", .irql = kUpToApc, .since = Windows::win8,
          .page = "ntifs/nf-ntifs-rtldecompressbufferex", .body = body<&RtlDecompressBufferEx>() },
        { .name = "RtlDecompressBufferEx2", .irql = kUpToApc, .since = Windows::v10_1507,
          .page = "ntifs/nf-ntifs-rtldecompressbufferex2", .body = body<&RtlDecompressBufferEx2>() },
        { .name = "RtlDecompressFragment", .irql = kUpToApc, .page = "ntifs/nf-ntifs-rtldecompressfragment",
          .body = body<&RtlDecompressFragment>() },
        { .name = "RtlDecompressFragmentEx", .irql = kUpToApc, .since = Windows::v10_1507,
          .page = "ntifs/nf-ntifs-rtldecompressfragmentex", .body = body<&RtlDecompressFragmentEx>() },
    };
    return rows;
}

} // namespace ringside::rtl
