/* SPDX-License-Identifier: MIT */
/*
 * For tests only: an MCP3912 in memory, on the bus of board-spi.c, at the level of the registers that the mainline mcp3911
 * driver knows, with a data-ready line. It converts by its own clock, two phases of a line: channels 0 and 2 are currents, 1
 * and 3 voltages, the second phase half a turn behind. In debugfs, under mcp3912-chip, beside the files of the bus:
 *   load        write "PHASE VPEAK IPEAK LAG": a phase (0 or 1), the peaks in codes and by how much the current lags, in mdeg;
 *               a negative peak is a reversed CT
 *   truth       read "PHASE ENERGY PERIOD": the sum of all products of voltage and current so far in 2^20 square codes, and
 *               the time of a sample in ps, one line a phase
 *   silent      the data-ready line is dead while this is not 0
 *   stuck       so a mask of channels repeats its last code
 *   gain        the last written gain register: what the driver asked for
 */
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_sim.h>
#include <linux/irqdomain.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/property.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>
#include <linux/version.h>

#include "board-spi.h"

#define PHASES 2
#define CHANNELS 4
#define REGISTERS 0x20
#define REGISTER_BYTES 3
#define CODE_MAX 0x7fffff
#define ENERGY_SHIFT 20
#define NOISE 24

/* By the data sheet, as what holds after a reset. */
#define REG_GAIN 0x0b
#define REG_STATUSCOM 0x0c
#define REG_CONFIG0 0x0d
#define STATUSCOM_RESET 0xb9000f
#define CONFIG0_RESET 0x3c6050
#define CONFIG0_OSR(config0) (32 << ((config0) >> 13 & 7))

#define COMMAND_ADDRESS(command) ((command) >> 6)
#define COMMAND_REG(command) ((command) >> 1 & 0x1f)
#define COMMAND_READS(command) ((command)&1)
/* What chips are sold with. */
#define ADDRESS 1

static uint mclk_hz = 4000000;
module_param(mclk_hz, uint, 0444);
MODULE_PARM_DESC(mclk_hz, "nominal master clock");
static int ppm = 80;
module_param(ppm, int, 0444);
MODULE_PARM_DESC(ppm, "how much that clock is fast");
static uint frequency_mhz = 60010;
module_param(frequency_mhz, uint, 0444);
MODULE_PARM_DESC(frequency_mhz, "line frequency in mHz");

struct phase {
	s32 vpeak, ipeak;
	u32 lag;	  /* of 2^32 a turn */
	s64 energy, rest; /* square codes, in 2^20 and what is below */
};

static struct {
	struct irq_domain *domain;
	int irq;
	struct hrtimer timer;
	spinlock_t lock; /* of all below */
	u64 period_ps, next_ps;
	u64 turn, turn_step; /* of 2^48 a turn */
	struct phase phase[PHASES];
	s32 code[CHANNELS];
	u32 reg[REGISTERS];
	u32 silent, stuck;
} chip;

/* Of 2^32 a turn; 2^30 is 1. Taylor's series in quarters of a turn, right to 10^-7. */
static s32 sine(u32 turn)
{
	static const s64 c[] = {-3864, 172273, -5026996, 85569306, -693598668, 1686629713};
	s64 x = (s32)turn, sum = 0;

	if (x > 1LL << 30) {
		x = (1LL << 31) - x;
	} else if (x < -(1LL << 30)) {
		x = -(1LL << 31) - x;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(c); i++) {
		sum = (sum * (x * x >> 30) >> 30) + c[i];
	}
	return sum * x >> 30;
}

static s32 clip(s64 code)
{
	return clamp(code, -CODE_MAX - 1, CODE_MAX);
}

/* What comes out of the converter, where that channel works. */
static void put_code(unsigned int channel, s32 code)
{
	if (!(chip.stuck & BIT(channel))) {
		chip.code[channel] = clip((s64)code + get_random_u32_below(NOISE) - NOISE / 2);
	}
}

static void convert(void)
{
	for (unsigned int p = 0; p < PHASES; p++) {
		struct phase *phase = &chip.phase[p];
		u32 turn = (u32)(chip.turn >> 16) + (p ? 1U << 31 : 0);
		s32 v = (s64)phase->vpeak * sine(turn) >> 30;
		s32 i = (s64)phase->ipeak * sine(turn - phase->lag) >> 30;

		phase->rest += (s64)v * i;
		phase->energy += phase->rest >> ENERGY_SHIFT;
		phase->rest &= (1LL << ENERGY_SHIFT) - 1;
		put_code(2 * p, i);
		put_code(2 * p + 1, v);
	}
	chip.turn = (chip.turn + chip.turn_step) & ((1ULL << 48) - 1);
}

static void set_rate(void)
{
	u64 clocks = 4ULL * CONFIG0_OSR(chip.reg[REG_CONFIG0]);

	chip.period_ps = mul_u64_u64_div_u64(clocks * 1000000000000ULL, 1000000, (u64)mclk_hz * (1000000 + ppm));
	chip.turn_step = mul_u64_u64_div_u64(frequency_mhz * chip.period_ps, 1ULL << 48, 1000000000000000ULL);
}

/* Converts until now; of more than one conversion there is one edge of the line only. */
static enum hrtimer_restart tick(struct hrtimer *timer)
{
	u64 now_ns = ktime_to_ns(hrtimer_cb_get_time(timer));

	scoped_guard(spinlock, &chip.lock)
	{
		while (div_u64(chip.next_ps, 1000) <= now_ns) {
			convert();
			chip.next_ps += chip.period_ps;
		}
		hrtimer_set_expires(timer, ns_to_ktime(div_u64(chip.next_ps, 1000) + 1));
	}
	if (!READ_ONCE(chip.silent)) {
		irq_set_irqchip_state(chip.irq, IRQCHIP_STATE_PENDING, true);
	}
	return HRTIMER_RESTART;
}

/* A command, and three bytes for each register from there on. */
static void transfer(const u8 *sent, unsigned int sent_len, u8 *received, unsigned int received_len)
{
	unsigned int reg = COMMAND_REG(sent[0]);

	if (COMMAND_ADDRESS(sent[0]) != ADDRESS) {
		return;
	}
	guard(spinlock_irqsave)(&chip.lock);
	if (!COMMAND_READS(sent[0])) {
		if (sent_len == 1 + REGISTER_BYTES && reg >= CHANNELS) {
			chip.reg[reg] = get_unaligned_be24(sent + 1);
			set_rate();
		}
		return;
	}
	for (unsigned int i = 0; i < received_len; i++) {
		unsigned int at = (reg + i / REGISTER_BYTES) % REGISTERS;
		u32 value = at < CHANNELS ? (u32)chip.code[at] : chip.reg[at];

		received[i] = value >> (8 * (REGISTER_BYTES - 1 - i % REGISTER_BYTES));
	}
}

static ssize_t load_write(struct file *file, const char __user *from, size_t count, loff_t *offset)
{
	char text[64] = "";
	unsigned int p;
	int vpeak, ipeak, lag;

	if (count >= sizeof(text) || copy_from_user(text, from, count)) {
		return -EINVAL;
	}
	if (sscanf(text, "%u %d %d %d", &p, &vpeak, &ipeak, &lag) != 4 || p >= PHASES) {
		return -EINVAL;
	}
	guard(spinlock_irqsave)(&chip.lock);
	chip.phase[p].vpeak = vpeak;
	chip.phase[p].ipeak = ipeak;
	chip.phase[p].lag = div_s64((s64)lag << 32, 360000);
	return count;
}

static const struct file_operations load_fops = {.owner = THIS_MODULE, .write = load_write};

static int truth_show(struct seq_file *file, void *unused)
{
	guard(spinlock_irqsave)(&chip.lock);
	for (unsigned int p = 0; p < PHASES; p++) {
		seq_printf(file, "%u %lld %llu\n", p, chip.phase[p].energy, chip.period_ps);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(truth);

static int add(void)
{
	static const struct property_entry properties[] = {PROPERTY_ENTRY_U32("microchip,device-addr", ADDRESS), {}};
	static const struct software_node node = {.properties = properties};
	static struct board_spi_chip on_bus = {
		.name = "mcp3912-chip", .modalias = "mcp3912", .node = &node, .transfer = transfer};
	struct dentry *dir;
	int r;

	on_bus.irq = chip.irq;
	r = board_spi_add(&on_bus, &dir);
	if (r) {
		return r;
	}
	debugfs_create_file("load", 0200, dir, NULL, &load_fops);
	debugfs_create_file("truth", 0400, dir, NULL, &truth_fops);
	debugfs_create_u32("silent", 0600, dir, &chip.silent);
	debugfs_create_x32("stuck", 0600, dir, &chip.stuck);
	debugfs_create_x32("gain", 0400, dir, &chip.reg[REG_GAIN]);
	return 0;
}

static int __init chip_init(void)
{
	int r;

	spin_lock_init(&chip.lock);
	chip.reg[REG_STATUSCOM] = STATUSCOM_RESET;
	chip.reg[REG_CONFIG0] = CONFIG0_RESET;
	set_rate();
	chip.domain = irq_domain_create_sim(NULL, 1);
	if (IS_ERR(chip.domain)) {
		return PTR_ERR(chip.domain);
	}
	chip.irq = irq_create_mapping(chip.domain, 0);
	r = chip.irq ? add() : -ENXIO;
	if (r) {
		irq_domain_remove_sim(chip.domain);
		return r;
	}
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(&chip.timer, tick, CLOCK_BOOTTIME, HRTIMER_MODE_ABS);
#else
	hrtimer_init(&chip.timer, CLOCK_BOOTTIME, HRTIMER_MODE_ABS);
	chip.timer.function = tick;
#endif
	chip.next_ps = ktime_get_boottime_ns() * 1000;
	hrtimer_start(&chip.timer, ns_to_ktime(div_u64(chip.next_ps, 1000) + 1), HRTIMER_MODE_ABS);
	return 0;
}

static void __exit chip_exit(void)
{
	board_spi_remove();
	hrtimer_cancel(&chip.timer);
	irq_dispose_mapping(chip.irq);
	irq_domain_remove_sim(chip.domain);
}

module_init(chip_init);
module_exit(chip_exit);
MODULE_DESCRIPTION("An MCP3912 in memory, for tests");
MODULE_LICENSE("Dual MIT/GPL");
