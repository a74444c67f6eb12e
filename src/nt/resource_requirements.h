// SPDX-License-Identifier: MIT
// The hardware resources a device asks for: IO_RESOURCE_REQUIREMENTS_LIST and its parts.
#pragma once

#include "nt/resource.h"
#include "nt/dma.h"

namespace ringside::nt {

enum IRQ_DEVICE_POLICY : int32_t {
    IrqPolicyMachineDefault, IrqPolicyAllCloseProcessors, IrqPolicyOneCloseProcessor, IrqPolicyAllProcessorsInMachine,
    IrqPolicySpecifiedProcessors, IrqPolicySpreadMessagesAcrossAllProcessors,
    IrqPolicyAllProcessorsInMachineWhenSteered,
};

enum IRQ_PRIORITY : int32_t { IrqPriorityUndefined, IrqPriorityLow, IrqPriorityNormal, IrqPriorityHigh };

struct IO_RESOURCE_DESCRIPTOR {
    UCHAR Option;
    UCHAR Type;
    UCHAR ShareDisposition;
    UCHAR Spare1;
    USHORT Flags;
    USHORT Spare2;
    union {
        struct {
            ULONG Length;
            ULONG Alignment;
            PHYSICAL_ADDRESS MinimumAddress;
            PHYSICAL_ADDRESS MaximumAddress;
        } Port;
        struct {
            ULONG Length;
            ULONG Alignment;
            PHYSICAL_ADDRESS MinimumAddress;
            PHYSICAL_ADDRESS MaximumAddress;
        } Memory;
        struct {
            ULONG MinimumVector;
            ULONG MaximumVector;
            IRQ_DEVICE_POLICY AffinityPolicy;
            IRQ_PRIORITY PriorityPolicy;
            KAFFINITY TargetedProcessors;
        } Interrupt;
        struct {
            ULONG MinimumChannel;
            ULONG MaximumChannel;
        } Dma;
        struct {
            ULONG RequestLine;
            ULONG Reserved;
            ULONG Channel;
            DMA_WIDTH TransferWidth;
        } DmaV3;
        struct {
            ULONG Length;
            ULONG Alignment;
            PHYSICAL_ADDRESS MinimumAddress;
            PHYSICAL_ADDRESS MaximumAddress;
        } Generic;
        struct {
            ULONG Data[3];
        } DevicePrivate;
        struct {
            ULONG Length;
            ULONG MinBusNumber;
            ULONG MaxBusNumber;
            ULONG Reserved;
        } BusNumber;
        struct {
            ULONG Priority;
            ULONG Reserved1;
            ULONG Reserved2;
        } ConfigData;
        struct {
            ULONG Length40;
            ULONG Alignment40;
            PHYSICAL_ADDRESS MinimumAddress;
            PHYSICAL_ADDRESS MaximumAddress;
        } Memory40;
        struct {
            ULONG Length48;
            ULONG Alignment48;
            PHYSICAL_ADDRESS MinimumAddress;
            PHYSICAL_ADDRESS MaximumAddress;
        } Memory48;
        struct {
            ULONG Length64;
            ULONG Alignment64;
            PHYSICAL_ADDRESS MinimumAddress;
            PHYSICAL_ADDRESS MaximumAddress;
        } Memory64;
        struct {
            UCHAR Class;
            UCHAR Type;
            UCHAR Reserved1;
            UCHAR Reserved2;
            ULONG IdLowPart;
            ULONG IdHighPart;
        } Connection;
    } u;
};
NT_SIZE(IO_RESOURCE_DESCRIPTOR, 0x20); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, Option, 0x00);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, Type, 0x01); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, ShareDisposition, 0x02);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, Spare1, 0x03); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, Flags, 0x04);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, Spare2, 0x06); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Port, 0x08); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Port.Length, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Port.Alignment, 0x0c);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Port.MinimumAddress, 0x10);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Port.MaximumAddress, 0x18); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory.Length, 0x08); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory.Alignment, 0x0c);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory.MinimumAddress, 0x10);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory.MaximumAddress, 0x18); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Interrupt, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Interrupt.MinimumVector, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Interrupt.MaximumVector, 0x0c);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Interrupt.AffinityPolicy, 0x10);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Interrupt.PriorityPolicy, 0x14);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Interrupt.TargetedProcessors, 0x18); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Dma, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Dma.MinimumChannel, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Dma.MaximumChannel, 0x0c); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.DmaV3, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.DmaV3.RequestLine, 0x08); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.DmaV3.Reserved, 0x0c);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.DmaV3.Channel, 0x10);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.DmaV3.TransferWidth, 0x14); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Generic, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Generic.Length, 0x08); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Generic.Alignment, 0x0c);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Generic.MinimumAddress, 0x10);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Generic.MaximumAddress, 0x18);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.DevicePrivate, 0x08); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.DevicePrivate.Data, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.BusNumber, 0x08); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.BusNumber.Length, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.BusNumber.MinBusNumber, 0x0c);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.BusNumber.MaxBusNumber, 0x10);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.BusNumber.Reserved, 0x14); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.ConfigData, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.ConfigData.Priority, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.ConfigData.Reserved1, 0x0c);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.ConfigData.Reserved2, 0x10); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory40, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory40.Length40, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory40.Alignment40, 0x0c);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory40.MinimumAddress, 0x10);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory40.MaximumAddress, 0x18); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory48, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory48.Length48, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory48.Alignment48, 0x0c);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory48.MinimumAddress, 0x10);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory48.MaximumAddress, 0x18); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory64, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory64.Length64, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory64.Alignment64, 0x0c);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory64.MinimumAddress, 0x10);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Memory64.MaximumAddress, 0x18);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Connection, 0x08); NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Connection.Class, 0x08);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Connection.Type, 0x09);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Connection.Reserved1, 0x0a);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Connection.Reserved2, 0x0b);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Connection.IdLowPart, 0x0c);
NT_OFFSET(IO_RESOURCE_DESCRIPTOR, u.Connection.IdHighPart, 0x10);

struct IO_RESOURCE_LIST {
    USHORT Version;
    USHORT Revision;
    ULONG Count;
    IO_RESOURCE_DESCRIPTOR Descriptors[1];
};
NT_SIZE(IO_RESOURCE_LIST, 0x28); NT_OFFSET(IO_RESOURCE_LIST, Version, 0x00);
NT_OFFSET(IO_RESOURCE_LIST, Revision, 0x02); NT_OFFSET(IO_RESOURCE_LIST, Count, 0x04);
NT_OFFSET(IO_RESOURCE_LIST, Descriptors, 0x08);

struct IO_RESOURCE_REQUIREMENTS_LIST {
    ULONG ListSize;
    INTERFACE_TYPE InterfaceType;
    ULONG BusNumber;
    ULONG SlotNumber;
    ULONG Reserved[3];
    ULONG AlternativeLists;
    IO_RESOURCE_LIST List[1];
};
NT_SIZE(IO_RESOURCE_REQUIREMENTS_LIST, 0x48); NT_OFFSET(IO_RESOURCE_REQUIREMENTS_LIST, ListSize, 0x00);
NT_OFFSET(IO_RESOURCE_REQUIREMENTS_LIST, InterfaceType, 0x04);
NT_OFFSET(IO_RESOURCE_REQUIREMENTS_LIST, BusNumber, 0x08); NT_OFFSET(IO_RESOURCE_REQUIREMENTS_LIST, SlotNumber, 0x0c);
NT_OFFSET(IO_RESOURCE_REQUIREMENTS_LIST, Reserved, 0x10);
NT_OFFSET(IO_RESOURCE_REQUIREMENTS_LIST, AlternativeLists, 0x1c); NT_OFFSET(IO_RESOURCE_REQUIREMENTS_LIST, List, 0x20);

// Options.
inline constexpr ULONG IO_RESOURCE_PREFERRED = 1, IO_RESOURCE_DEFAULT = 2, IO_RESOURCE_ALTERNATIVE = 8;

} // namespace ringside::nt
