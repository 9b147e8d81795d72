/* SPDX-License-Identifier: MIT */
/*
 * For tests only: an ADE9000 in memory, on the bus of board-spi.c, at the level of the registers that the mainline driver and
 * minimeter's own know. At each end of a window, EGY_TIME + 1 samples of the chip's own clock, the energy that has flowed
 * while RUN and EGY_PWR_EN are set is put into the energy registers or, where EGY_LD_ACCUM is clear, added to what they
 * have, in 45 bits. No-load detection drops what is small, unless it is off. Everything is computed when it is asked for,
 * from what has flowed since. In debugfs, under ade9000-chip, beside the files of the bus:
 *   load        write "PHASE VRMS IRMS WATT VAR VA": a phase (0 to 2) and the codes of its registers
 *   lag         by how many degrees phase B's voltage lags phase A's; phase C's is that of A
 *   truth       read "PHASE WATT-CODE-US": active power integrated over CLOCK_BOOTTIME, exact, one line a phase
 *   restart     write: the chip loses its power for a moment
 *   mhz         the line's frequency
 *   silent      1: its interrupt does not come
 *   clears      1: a stop of the DSP clears the energy registers
 *   reg         the value of the register whose address was written last
 *   record      the physical address of the sum of all phases' truth, 64 bits, renewed every 10 ms: what can still be
 *               read in the memory of a board that has been stopped
 */
#include <linux/bug.h>
#include <linux/fixp-arith.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/irq_sim.h>
#include <linux/irqdomain.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#if __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h> /* before Linux 6.12 */
#endif

#include "board-spi.h"

#define PHASES 3
#define WINDOW_SAMPLES 8000
#define REGISTERS 0x1000

/* Addresses by the data sheet; those of a phase are 0x20 apart, of energies 0x3c. */
#define REG_PHASE_MASK 0x60
#define REG_AV_PCF 0x20b
#define REG_AIRMS 0x20c
#define REG_AVRMS 0x20d
#define REG_AWATT 0x210
#define REG_AVAR 0x211
#define REG_AVA 0x212
#define REG_AFVAR 0x214
#define REG_AWATTHR_LO 0x2e6
#define REG_AVAHR_LO 0x2fa
#define REG_AFVARHR_LO 0x30e
#define REG_ENERGY_STEP 0x3c
#define REG_STATUS0 0x402
#define STATUS0_EGYRDY BIT(0)
#define REG_STATUS1 0x403
#define STATUS1_RSTDONE BIT(16)
#define REG_MASK0 0x405
#define REG_APERIOD 0x418
#define REG_ACT_NL_LVL 0x41c /* of reactive and apparent energy: the next ones */
#define NL_LVL_RESET 0xffff
#define NL_SAMPLES 64
#define REG_PART_ID 0x472
#define PART_ID BIT(20)
#define REG_RUN 0x480
#define REG_CONFIG1 0x481
#define CONFIG1_SWRST BIT(0)
#define REG_EP_CFG 0x4b0
#define EP_CFG_EGY_PWR_EN BIT(0)
#define EP_CFG_EGY_LD_ACCUM BIT(4)
#define EP_CFG_NOLOAD_OFF 0xe000
#define REG_EGY_TIME 0x4b2
#define REG_VERSION 0x4fe

static int ppm = 80;
module_param(ppm, int, 0444);
MODULE_PARM_DESC(ppm, "how much the chip's clock is fast");
static uint frequency_mhz = 60010;
module_param(frequency_mhz, uint, 0444);
MODULE_PARM_DESC(frequency_mhz, "line frequency in mHz");
static char *driver = "ade9000";
module_param(driver, charp, 0444);
MODULE_PARM_DESC(driver, "the SPI device's name, by which its driver is found");
static bool interrupt;
module_param(interrupt, bool, 0444);
MODULE_PARM_DESC(interrupt, "IRQ0 is wired");

/* Codes of a full-scale sine: the wave form's peak and the rms. */
#define WAVEFORM_FULL_SCALE 74770000
#define RMS_FULL_SCALE 52866837

static u32 lag_deg = 180;

enum quantity { WATT, VAR, VA, QUANTITIES };

struct phase {
	u32 vrms, irms;
	s64 power[QUANTITIES];	 /* codes */
	s64 flowed[QUANTITIES];	 /* since the last latch: code ns */
	s64 latched[QUANTITIES]; /* code samples: what the energy registers have */
	s64 truth_us, truth_ns;	 /* WATT for ever: code us, and the rest of it in code ns */
};

static struct {
	struct irq_domain *domain;
	int irq;
	u32 silent, clears, reg;
	struct delayed_work recording;
	u64 record_at;
	struct mutex lock; /* of all below */
	s64 *record;
	u64 window_ns, now_ns, latch_ns;
	struct phase phase[PHASES];
	u32 written[REGISTERS];
} chip;

/* A triangle of mean zero. */
static s32 noise(u32 peak)
{
	return (s32)(mul_u32_u32(get_random_u32(), peak + 1) >> 32) - (s32)(mul_u32_u32(get_random_u32(), peak + 1) >> 32);
}

/* Is the DSP on, and is this power not dropped as no load? */
static bool accumulates(s64 power, enum quantity q)
{
	static const unsigned int level[QUANTITIES] = {[WATT] = 0, [VAR] = 1, [VA] = 2};

	if (!chip.written[REG_RUN] || !(chip.written[REG_EP_CFG] & EP_CFG_EGY_PWR_EN)) {
		return false;
	}
	return (chip.written[REG_EP_CFG] & EP_CFG_NOLOAD_OFF) == EP_CFG_NOLOAD_OFF ||
	       abs(power) * NL_SAMPLES > chip.written[REG_ACT_NL_LVL + level[q]];
}

static u64 window_length_ns(void)
{
	return div_u64(chip.window_ns * (chip.written[REG_EGY_TIME] + 1), WINDOW_SAMPLES);
}

static void flow(u64 until_ns)
{
	s64 ns = until_ns - chip.now_ns;

	for (unsigned int p = 0; p < PHASES; p++) {
		struct phase *phase = &chip.phase[p];
		s64 us;
		s32 rest;

		for (unsigned int q = 0; q < QUANTITIES; q++) {
			if (accumulates(phase->power[q], q)) {
				phase->flowed[q] += phase->power[q] * ns;
			}
		}
		phase->truth_ns += phase->power[WATT] * ns;
		us = div_s64_rem(phase->truth_ns, 1000, &rest);
		phase->truth_us += us;
		phase->truth_ns = rest;
	}
	chip.now_ns = until_ns;
}

static s64 wrapped(s64 energy)
{
	return (s64)((u64)energy << 19) >> 19;
}

static void raise_interrupt(void)
{
	chip.written[REG_STATUS0] |= STATUS0_EGYRDY;
	if (chip.irq && !chip.silent && chip.written[REG_MASK0] & STATUS0_EGYRDY) {
		irq_set_irqchip_state(chip.irq, IRQCHIP_STATE_PENDING, true);
	}
}

static void latch(void)
{
	bool latches = chip.written[REG_EP_CFG] & EP_CFG_EGY_LD_ACCUM;

	for (unsigned int p = 0; p < PHASES; p++) {
		struct phase *phase = &chip.phase[p];

		for (unsigned int q = 0; q < QUANTITIES; q++) {
			s64 flowed = phase->flowed[q];
			s64 energy = mul_u64_u64_div_u64(abs(flowed), WINDOW_SAMPLES, chip.window_ns);

			energy = flowed < 0 ? -energy : energy;
			phase->latched[q] = latches ? energy + (flowed ? noise(2000) : 0) : wrapped(phase->latched[q] + energy);
			phase->flowed[q] = 0;
		}
	}
	chip.latch_ns += window_length_ns();
	if (chip.written[REG_RUN]) {
		raise_interrupt();
	}
}

/* As it comes up: nothing counted, and waiting for its driver. */
static void reset(void)
{
	memset(chip.written, 0, sizeof(chip.written));
	for (unsigned int q = 0; q < QUANTITIES; q++) {
		chip.written[REG_ACT_NL_LVL + q] = NL_LVL_RESET;
	}
	chip.written[REG_EGY_TIME] = WINDOW_SAMPLES - 1;
	chip.written[REG_PART_ID] = PART_ID;
	chip.written[REG_STATUS1] = STATUS1_RSTDONE;
	for (unsigned int p = 0; p < PHASES; p++) {
		memset(chip.phase[p].flowed, 0, sizeof(chip.phase[p].flowed));
		memset(chip.phase[p].latched, 0, sizeof(chip.phase[p].latched));
	}
	chip.latch_ns = chip.now_ns + window_length_ns();
}

static void write_register(unsigned int reg, u32 value)
{
	if (reg == REG_STATUS0 || reg == REG_STATUS1) {
		chip.written[reg] &= ~value;
		return;
	}
	if (reg == REG_RUN && value && !chip.written[REG_RUN]) {
		chip.latch_ns = chip.now_ns + window_length_ns();
	}
	if (reg == REG_RUN && !value && chip.clears) {
		for (unsigned int p = 0; p < PHASES; p++) {
			memset(chip.phase[p].latched, 0, sizeof(chip.phase[p].latched));
		}
	}
	chip.written[reg] = value;
	if (reg == REG_CONFIG1 && value & CONFIG1_SWRST) {
		reset();
	}
}

/* Brings the chip up to now. */
static void advance(void)
{
	u64 now_ns = ktime_get_boottime_ns();

	while (chip.latch_ns <= now_ns) {
		flow(chip.latch_ns);
		latch();
	}
	flow(now_ns);
}

/* A sine of the line, or of twice its frequency, in 31 bits. */
static s64 sine(u32 times, u32 lag)
{
	u32 period_ns = div_u64(1000000000000ULL, frequency_mhz * times);
	u32 at_ns;

	div_u64_rem(chip.now_ns, period_ns, &at_ns);
	return fixp_sin32((int)div_u64((u64)at_ns * 360, period_ns) - (int)lag);
}

/* What the filter behind the multiplier lets through of the ripple at twice the line frequency: 7 % of the apparent power. */
static s64 ripple(const struct phase *phase)
{
	return (div_s64(phase->power[VA] * 7, 100) * sine(2, 0)) >> 31;
}

/* The lowest 13 bits are in LO, the others, with the sign, in HI. */
static bool read_energy(unsigned int reg, u32 *value)
{
	static const struct {
		unsigned int reg;
		enum quantity quantity;
	} from[] = {
		{REG_AWATTHR_LO, WATT},
		{REG_AVAHR_LO, VA},
		{REG_AFVARHR_LO, VAR},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(from) * PHASES; i++) {
		unsigned int lo = from[i / PHASES].reg + i % PHASES * REG_ENERGY_STEP;
		s64 energy = chip.phase[i % PHASES].latched[from[i / PHASES].quantity];

		if (reg == lo || reg == lo + 1) {
			*value = reg == lo ? energy & 0x1fff : (u32)(energy >> 13);
			return true;
		}
	}
	return false;
}

/* By the chip's own clock; with no signal that of 50 Hz. */
static u32 read_period(const struct phase *phase)
{
	u64 seen_mhz = div_u64((u64)frequency_mhz * chip.window_ns, 1000000000);

	return phase->vrms ? div_u64(8000ULL * 65536 * 1000, seen_mhz) - 1 + noise(3) : 8000 * 65536 / 50 - 1;
}

static u32 read_register(unsigned int reg)
{
	const struct phase *phase;
	unsigned int p = (reg & REG_PHASE_MASK) >> 5;
	u32 value;

	if (read_energy(reg, &value)) {
		return value;
	}
	if (reg >= REG_APERIOD && reg < REG_APERIOD + PHASES) {
		return read_period(&chip.phase[reg - REG_APERIOD]);
	}
	if ((reg & 0xf00) != 0x200 || p >= PHASES) {
		return chip.written[reg];
	}
	phase = &chip.phase[p];
	switch (reg & ~REG_PHASE_MASK) {
	case REG_AV_PCF & ~REG_PHASE_MASK:
		value = mul_u64_u32_div(phase->vrms, WAVEFORM_FULL_SCALE, RMS_FULL_SCALE);
		return (((s64)value * sine(1, p == 1 ? lag_deg : 0)) >> 31) + noise(400);
	case REG_AIRMS & ~REG_PHASE_MASK:
		return phase->irms + 80 + noise(64);
	case REG_AVRMS & ~REG_PHASE_MASK:
		return phase->vrms + 80 + noise(64);
	case REG_AWATT & ~REG_PHASE_MASK:
		return phase->power[WATT] + ripple(phase) + noise(24);
	case REG_AVAR & ~REG_PHASE_MASK:
	case REG_AFVAR & ~REG_PHASE_MASK:
		return phase->power[VAR] + noise(24);
	case REG_AVA & ~REG_PHASE_MASK:
		return phase->power[VA] + 30 + noise(24);
	default:
		return chip.written[reg];
	}
}

/* One register a message: a command of 16 bits, address << 4 and bit 3 to read, then its value of 16 or 32 bits. */
static void transfer(const u8 *sent, unsigned int sent_len, u8 *received, unsigned int received_len)
{
	unsigned int reg = get_unaligned_be16(sent) >> 4;
	/* RUN has 16 bits; the mainline driver gives it 32. */
	bool is_short = reg > REG_RUN && reg < REG_VERSION ? true : reg == REG_RUN && sent_len + received_len == 4;
	u8 value[4];

	mutex_lock(&chip.lock);
	advance();
	if (!(sent[1] & BIT(3))) {
		write_register(reg, is_short ? get_unaligned_be16(sent + 2) : get_unaligned_be32(sent + 2));
	} else if (received) {
		if (is_short) {
			put_unaligned_be16(read_register(reg), value);
		} else {
			put_unaligned_be32(read_register(reg), value);
		}
		memcpy(received, value, min(received_len, sizeof(value)));
	}
	mutex_unlock(&chip.lock);
}

static ssize_t load_write(struct file *file, const char __user *from, size_t count, loff_t *offset)
{
	unsigned int p, vrms, irms;
	char text[96] = "";
	int watt, var, va;

	if (count >= sizeof(text) || copy_from_user(text, from, count)) {
		return -EINVAL;
	}
	if (sscanf(text, "%u %u %u %d %d %d", &p, &vrms, &irms, &watt, &var, &va) != 6 || p >= PHASES) {
		return -EINVAL;
	}
	mutex_lock(&chip.lock);
	advance();
	chip.phase[p].vrms = vrms;
	chip.phase[p].irms = irms;
	chip.phase[p].power[WATT] = watt;
	chip.phase[p].power[VAR] = var;
	chip.phase[p].power[VA] = va;
	mutex_unlock(&chip.lock);
	return count;
}

static const struct file_operations load_fops = {.owner = THIS_MODULE, .write = load_write};

static int truth_show(struct seq_file *file, void *unused)
{
	mutex_lock(&chip.lock);
	advance();
	for (unsigned int p = 0; p < PHASES; p++) {
		seq_printf(file, "%u %lld\n", p, chip.phase[p].truth_us);
	}
	mutex_unlock(&chip.lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(truth);

static ssize_t restart_write(struct file *file, const char __user *from, size_t count, loff_t *offset)
{
	mutex_lock(&chip.lock);
	advance();
	reset();
	mutex_unlock(&chip.lock);
	return count;
}

static const struct file_operations restart_fops = {.owner = THIS_MODULE, .write = restart_write};

static ssize_t reg_write(struct file *file, const char __user *from, size_t count, loff_t *offset)
{
	int r = kstrtou32_from_user(from, count, 16, &chip.reg);

	return r ? r : chip.reg < REGISTERS ? (ssize_t)count : -EINVAL;
}

static int reg_show(struct seq_file *file, void *unused)
{
	mutex_lock(&chip.lock);
	seq_printf(file, "%x\n", chip.reg < REGISTERS ? chip.written[chip.reg] : 0);
	mutex_unlock(&chip.lock);
	return 0;
}

static int reg_open(struct inode *inode, struct file *file)
{
	return single_open(file, reg_show, NULL);
}

static const struct file_operations reg_fops = {
	.owner = THIS_MODULE, .open = reg_open, .read = seq_read, .write = reg_write, .release = single_release};

static void keep_record(struct work_struct *work)
{
	mutex_lock(&chip.lock);
	advance();
	*chip.record = chip.phase[0].truth_us + chip.phase[1].truth_us + chip.phase[2].truth_us;
	mutex_unlock(&chip.lock);
	schedule_delayed_work(&chip.recording, msecs_to_jiffies(10));
}

static int make_interrupt(void)
{
	if (!interrupt) {
		return 0;
	}
	chip.domain = irq_domain_create_sim(NULL, 1);
	if (IS_ERR(chip.domain)) {
		return PTR_ERR(chip.domain);
	}
	chip.irq = irq_create_mapping(chip.domain, 0);
	return chip.irq ? 0 : -ENXIO;
}

static void remove_interrupt(void)
{
	if (chip.irq) {
		irq_dispose_mapping(chip.irq);
		irq_domain_remove_sim(chip.domain);
	}
}

static int __init chip_init(void)
{
	static struct board_spi_chip on_bus = {.name = "ade9000-chip", .transfer = transfer};
	struct dentry *dir;
	int r;

	mutex_init(&chip.lock);
	INIT_DELAYED_WORK(&chip.recording, keep_record);
	chip.record = kzalloc(sizeof(*chip.record), GFP_KERNEL);
	if (!chip.record) {
		return -ENOMEM;
	}
	chip.record_at = virt_to_phys(chip.record);
	chip.window_ns = div_u64(1000000000000000ULL, 1000000 + ppm);
	chip.now_ns = ktime_get_boottime_ns();
	reset();
	r = make_interrupt();
	if (r) {
		goto fail;
	}
	on_bus.modalias = driver;
	on_bus.irq = chip.irq;
	r = board_spi_add(&on_bus, &dir);
	if (r) {
		remove_interrupt();
		goto fail;
	}
	debugfs_create_file("load", 0200, dir, NULL, &load_fops);
	debugfs_create_u32("lag", 0600, dir, &lag_deg);
	debugfs_create_file("truth", 0400, dir, NULL, &truth_fops);
	debugfs_create_x64("record", 0400, dir, &chip.record_at);
	debugfs_create_file("restart", 0200, dir, NULL, &restart_fops);
	debugfs_create_file("reg", 0600, dir, NULL, &reg_fops);
	debugfs_create_u32("mhz", 0600, dir, &frequency_mhz);
	debugfs_create_u32("silent", 0600, dir, &chip.silent);
	debugfs_create_u32("clears", 0600, dir, &chip.clears);
	schedule_delayed_work(&chip.recording, 0);
	return 0;
fail:
	kfree(chip.record);
	return r;
}

static void __exit chip_exit(void)
{
	board_spi_remove();
	cancel_delayed_work_sync(&chip.recording);
	remove_interrupt();
	kfree(chip.record);
}

module_init(chip_init);
module_exit(chip_exit);
MODULE_DESCRIPTION("An ADE9000 in memory, for tests");
MODULE_LICENSE("Dual MIT/GPL");
