// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntqueryinformationfile
// @cite(wdk-docs): page=ifs/irp-mj-query-information
#include "fs/reply.h"
#include "io/irp.h"

namespace ringside::fs {

namespace {

FILE_BASIC_INFORMATION basic_of(Node const& node)
{
    FILE_BASIC_INFORMATION basic {};
    basic.CreationTime.QuadPart = node.times.created;
    basic.LastAccessTime.QuadPart = node.times.accessed;
    basic.LastWriteTime.QuadPart = node.times.written;
    basic.ChangeTime.QuadPart = node.times.changed;
    basic.FileAttributes = node.shown_attributes();
    return basic;
}

FILE_STANDARD_INFORMATION standard_of(Node const& node)
{
    FILE_STANDARD_INFORMATION standard {};
    standard.AllocationSize = large(allocation_of(node));
    standard.EndOfFile = large(node.bytes());
    standard.NumberOfLinks = node.delete_pending ? 0 : 1;
    standard.DeletePending = node.delete_pending;
    standard.Directory = node.folder;
    return standard;
}

FILE_NETWORK_OPEN_INFORMATION network_open_of(Node const& node)
{
    FILE_NETWORK_OPEN_INFORMATION info {};
    info.CreationTime.QuadPart = node.times.created;
    info.LastAccessTime.QuadPart = node.times.accessed;
    info.LastWriteTime.QuadPart = node.times.written;
    info.ChangeTime.QuadPart = node.times.changed;
    info.AllocationSize = large(allocation_of(node));
    info.EndOfFile = large(node.bytes());
    info.FileAttributes = node.shown_attributes();
    return info;
}

FILE_STAT_INFORMATION stat_of(Node const& node)
{
    FILE_STAT_INFORMATION stat {};
    stat.FileId = large(node.id);
    stat.CreationTime.QuadPart = node.times.created;
    stat.LastAccessTime.QuadPart = node.times.accessed;
    stat.LastWriteTime.QuadPart = node.times.written;
    stat.ChangeTime.QuadPart = node.times.changed;
    stat.AllocationSize = large(allocation_of(node));
    stat.EndOfFile = large(node.bytes());
    stat.FileAttributes = node.shown_attributes();
    stat.NumberOfLinks = node.delete_pending ? 0 : 1;
    stat.EffectiveAccess = FILE_ALL_ACCESS; // nothing forbids any
    return stat;
}

Outcome reply_name(void* buffer, ULONG room, Node const& node)
{
    std::u16string const path = path_of(node);
    FILE_NAME_INFORMATION name {};
    name.FileNameLength = name_bytes(path);
    return reply_with_name(buffer, room, &name, offsetof(FILE_NAME_INFORMATION, FileName), path);
}

// Access, mode and alignment are the I/O manager's to fill in; it has done so.
Outcome reply_all(void* buffer, ULONG room, Open const& open)
{
    constexpr size_t fixed = offsetof(FILE_ALL_INFORMATION, NameInformation.FileName);
    auto all = argument<FILE_ALL_INFORMATION>(buffer, room);
    if (!all)
        return { STATUS_INFO_LENGTH_MISMATCH };
    Node const& node = *open.node;
    std::u16string const path = path_of(node);
    all->BasicInformation = basic_of(node);
    all->StandardInformation = standard_of(node);
    all->InternalInformation.IndexNumber = large(node.id);
    all->EaInformation.EaSize = 0;
    all->PositionInformation.CurrentByteOffset = open.file->CurrentByteOffset;
    all->NameInformation.FileNameLength = name_bytes(path);
    return reply_with_name(buffer, room, &*all, fixed, path);
}

Outcome reply_streams(void* buffer, ULONG room, Node const& node)
{
    if (node.folder)
        return { STATUS_SUCCESS, 0 };
    constexpr std::u16string_view data = u"::$DATA";
    FILE_STREAM_INFORMATION stream {};
    stream.StreamNameLength = name_bytes(data);
    stream.StreamSize = large(node.bytes());
    stream.StreamAllocationSize = large(allocation_of(node));
    return reply_with_name(buffer, room, &stream, offsetof(FILE_STREAM_INFORMATION, StreamName), data);
}

} // namespace

Outcome query_information(IRP* irp, IO_STACK_LOCATION& location)
{
    auto opened = live(location.FileObject);
    if (!opened.ok())
        return { opened.status() };
    Open const& open = **opened;
    Node const& node = *open.node;
    void* const buffer = irp->AssociatedIrp.SystemBuffer;
    ULONG const room = location.Parameters.QueryFile.Length;
    switch (location.Parameters.QueryFile.FileInformationClass) {
    case FileBasicInformation:
        return reply(buffer, room, basic_of(node));
    case FileStandardInformation:
        return reply(buffer, room, standard_of(node));
    case FileInternalInformation:
        return reply(buffer, room, FILE_INTERNAL_INFORMATION { large(node.id) });
    case FileEaInformation:
        return reply(buffer, room, FILE_EA_INFORMATION { 0 });
    case FilePositionInformation:
        return reply(buffer, room, FILE_POSITION_INFORMATION { open.file->CurrentByteOffset });
    case FileNameInformation:
    case FileNormalizedNameInformation:
        return reply_name(buffer, room, node);
    case FileAllInformation:
        return reply_all(buffer, room, open);
    case FileNetworkOpenInformation:
        return reply(buffer, room, network_open_of(node));
    case FileAttributeTagInformation:
        return reply(buffer, room, FILE_ATTRIBUTE_TAG_INFORMATION { node.shown_attributes(), 0 });
    case FileStreamInformation:
        return reply_streams(buffer, room, node);
    case FileStatInformation:
        return reply(buffer, room, stat_of(node));
    case FileCaseSensitiveInformation:
        return reply(buffer, room, FILE_CASE_SENSITIVE_INFORMATION { 0 });
    case FileIsRemoteDeviceInformation:
        return reply(buffer, room, FILE_IS_REMOTE_DEVICE_INFORMATION { FALSE });
    case FileAlternateNameInformation:
        return { STATUS_OBJECT_NAME_NOT_FOUND }; // the volume makes no 8.3 names
    default:
        return { STATUS_INVALID_PARAMETER };
    }
}

} // namespace ringside::fs
