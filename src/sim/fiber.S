# SPDX-License-Identifier: MIT
# The stack switch of fibers. Saves what both calling conventions keep (System V: rbx rbp r12-r15; Microsoft: also
# rdi rsi xmm6-xmm15, mxcsr), because a fiber may be switched away inside a driver's call. The x87 control word is left
# alone: 64-bit kernel code does not use x87, and reading it would cost as much as all the rest.
    .intel_syntax noprefix
    .text
    .globl ringside_fiber_switch
    .type ringside_fiber_switch, @function
# void ringside_fiber_switch(void** save_rsp, void* load_rsp)
ringside_fiber_switch:
    .cfi_startproc
    push rbp
    .cfi_adjust_cfa_offset 8
    push rbx
    .cfi_adjust_cfa_offset 8
    push rdi
    .cfi_adjust_cfa_offset 8
    push rsi
    .cfi_adjust_cfa_offset 8
    push r12
    .cfi_adjust_cfa_offset 8
    push r13
    .cfi_adjust_cfa_offset 8
    push r14
    .cfi_adjust_cfa_offset 8
    push r15
    .cfi_adjust_cfa_offset 8
    sub rsp, 168
    .cfi_adjust_cfa_offset 168
    movups [rsp], xmm6
    movups [rsp+16], xmm7
    movups [rsp+32], xmm8
    movups [rsp+48], xmm9
    movups [rsp+64], xmm10
    movups [rsp+80], xmm11
    movups [rsp+96], xmm12
    movups [rsp+112], xmm13
    movups [rsp+128], xmm14
    movups [rsp+144], xmm15
    stmxcsr [rsp+160]
    mov eax, [rsp+160]
    mov [rdi], rsp
    mov rsp, rsi
    # Loading the control word costs more than all the rest: only when it differs, which is hardly ever.
    cmp eax, [rsp+160]
    je 1f
    ldmxcsr [rsp+160]
1:  movups xmm6, [rsp]
    movups xmm7, [rsp+16]
    movups xmm8, [rsp+32]
    movups xmm9, [rsp+48]
    movups xmm10, [rsp+64]
    movups xmm11, [rsp+80]
    movups xmm12, [rsp+96]
    movups xmm13, [rsp+112]
    movups xmm14, [rsp+128]
    movups xmm15, [rsp+144]
    add rsp, 168
    .cfi_adjust_cfa_offset -168
    pop r15
    .cfi_adjust_cfa_offset -8
    pop r14
    .cfi_adjust_cfa_offset -8
    pop r13
    .cfi_adjust_cfa_offset -8
    pop r12
    .cfi_adjust_cfa_offset -8
    pop rsi
    .cfi_adjust_cfa_offset -8
    pop rdi
    .cfi_adjust_cfa_offset -8
    pop rbx
    .cfi_adjust_cfa_offset -8
    pop rbp
    .cfi_adjust_cfa_offset -8
    # Not a ret: the processor would predict the return address of the stack that was left.
    pop rcx
    .cfi_adjust_cfa_offset -8
    .cfi_register rip, rcx
    jmp rcx
    .cfi_endproc
    .size ringside_fiber_switch, .-ringside_fiber_switch

# First activation of a fiber: the switch "returns" here with rbx = the fiber. There is no caller to unwind to.
    .globl ringside_fiber_start
    .type ringside_fiber_start, @function
ringside_fiber_start:
    .cfi_startproc
    .cfi_undefined rip
    mov rdi, rbx
    call ringside_fiber_main
    ud2
    .cfi_endproc
    .size ringside_fiber_start, .-ringside_fiber_start

# void ringside_call_on_stack(void* top, void (*function)(void*), void* context): calls there and comes back. The frame
# pointer leads an unwinder from the one stack to the other.
    .globl ringside_call_on_stack
    .type ringside_call_on_stack, @function
ringside_call_on_stack:
    .cfi_startproc
    push rbp
    .cfi_def_cfa_offset 16
    .cfi_offset rbp, -16
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    mov rsp, rdi
    mov rdi, rdx
    call rsi
    mov rsp, rbp
    pop rbp
    .cfi_def_cfa rsp, 8
    ret
    .cfi_endproc
    .size ringside_call_on_stack, .-ringside_call_on_stack
    .section .note.GNU-stack,"",@progbits
