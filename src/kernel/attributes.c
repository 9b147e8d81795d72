// SPDX-License-Identifier: GPL-2.0-only
/* Codes of the chip as they are: nine decimals could show no scale of them. */
#include <linux/device.h>
#include <linux/iio/iio.h>
#include <linux/iio/sysfs.h>
#include <linux/sysfs.h>

#include "meter.h"
#include "registers.h"

/* Registers that calibrate; their codes are signed. */
static ssize_t code_show(struct iio_dev *iio, uintptr_t reg,
			 const struct iio_chan_spec *chan, char *buf)
{
	struct meter *m = iio_priv(iio);
	u32 val;
	int ret;

	mutex_lock(&m->lock);
	ret = ade9000_read(m, reg + chan->channel * REG_STEP, &val);
	mutex_unlock(&m->lock);
	return ret ?: sysfs_emit(buf, "%d\n", (s32)val);
}

static ssize_t code_store(struct iio_dev *iio, uintptr_t reg,
			  const struct iio_chan_spec *chan, const char *buf,
			  size_t len)
{
	struct meter *m = iio_priv(iio);
	s32 val;
	int ret;

	ret = kstrtos32(buf, 0, &val);
	if (ret)
		return ret;
	mutex_lock(&m->lock);
	ret = ade9000_write(m, reg + chan->channel * REG_STEP, val);
	mutex_unlock(&m->lock);
	return ret ?: len;
}

#define CODE(_name, _reg) {						\
	.name = (_name), .shared = IIO_SEPARATE, .private = (_reg),	\
	.read = code_show, .write = code_store,				\
}

static const struct iio_chan_spec_ext_info voltage_codes[] = {
	CODE("gain_code", REG_AVGAIN),
	{ }
};

static const struct iio_chan_spec_ext_info voltage_rms_codes[] = {
	CODE("offset_code", REG_AVRMSOS),
	{ }
};

static const struct iio_chan_spec_ext_info current_codes[] = {
	CODE("gain_code", REG_AIGAIN),
	CODE("phase_code", REG_APHCAL0),
	CODE("offset_code", REG_AIRMSOS),
	{ }
};

static const struct iio_chan_spec_ext_info active_codes[] = {
	CODE("gain_code", REG_APGAIN),
	CODE("offset_code", REG_AWATTOS),
	{ }
};

static const struct iio_chan_spec_ext_info reactive_codes[] = {
	CODE("offset_code", REG_AFVAROS),
	{ }
};

/* What a channel's number stands for in its address. */
#define OF_PHASE(_reg, _phase)	((_reg) + (_phase) * REG_STEP)

#define SCANNED(_index, _sign, _bits)					\
	.scan_index = (_index),						\
	.scan_type = {							\
		.sign = (_sign), .realbits = (_bits),			\
		.storagebits = (_bits), .endianness = IIO_CPU,		\
	}

#define CHANNEL(_type, _phase, _name, _address)				\
	.type = (_type), .indexed = 1, .channel = (_phase),		\
	.extend_name = (_name), .address = (_address),			\
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW)

/* Their numbers: user space takes channels of one number for one. */
#define ENERGY(_phase, _kind, _name) {					\
	CHANNEL(IIO_ENERGY, (_kind) * PHASES + (_phase), _name, _kind),	\
	SCANNED((_phase) * ENERGIES + (_kind), 's', 64),		\
}

#define RMS(_type, _phase, _reg, _index, _codes) {			\
	CHANNEL(_type, _phase, "rms", OF_PHASE(_reg, _phase)),		\
	SCANNED(_index, 'u', 32), .ext_info = (_codes),			\
}

#define NOW(_type, _phase, _name, _reg, _codes) {			\
	CHANNEL(_type, _phase, _name, OF_PHASE(_reg, _phase)),		\
	.scan_index = -1, .ext_info = (_codes),				\
}

#define SCAN_RMS	(PHASES * ENERGIES)
#define SCAN_PERIOD	(SCAN_RMS + 2 * PHASES)
#define SCAN_EPOCH	(SCAN_PERIOD + PHASES)
#define SCAN_STAMP	(SCAN_EPOCH + 1)

#define PERIOD(_phase) {						\
	CHANNEL(IIO_COUNT, _phase, "period", REG_APERIOD + (_phase)),	\
	SCANNED(SCAN_PERIOD + (_phase), 'u', 32),			\
}

#define ADDRESS_EPOCH	U16_MAX

static const struct iio_chan_spec channels[] = {
	ENERGY(0, ACTIVE, "active"),
	ENERGY(0, REACTIVE, "reactive"),
	ENERGY(0, APPARENT, "apparent"),
	ENERGY(1, ACTIVE, "active"),
	ENERGY(1, REACTIVE, "reactive"),
	ENERGY(1, APPARENT, "apparent"),
	ENERGY(2, ACTIVE, "active"),
	ENERGY(2, REACTIVE, "reactive"),
	ENERGY(2, APPARENT, "apparent"),
	RMS(IIO_ALTVOLTAGE, 0, REG_AVRMS, SCAN_RMS + 0, voltage_rms_codes),
	RMS(IIO_ALTVOLTAGE, 1, REG_AVRMS, SCAN_RMS + 1, voltage_rms_codes),
	RMS(IIO_ALTVOLTAGE, 2, REG_AVRMS, SCAN_RMS + 2, voltage_rms_codes),
	RMS(IIO_CURRENT, 0, REG_AIRMS, SCAN_RMS + PHASES + 0, current_codes),
	RMS(IIO_CURRENT, 1, REG_AIRMS, SCAN_RMS + PHASES + 1, current_codes),
	RMS(IIO_CURRENT, 2, REG_AIRMS, SCAN_RMS + PHASES + 2, current_codes),
	PERIOD(0),
	PERIOD(1),
	PERIOD(2),
	NOW(IIO_POWER, 0, "active", REG_AWATT, active_codes),
	NOW(IIO_POWER, 0, "reactive", REG_AFVAR, reactive_codes),
	NOW(IIO_POWER, 0, "apparent", REG_AVA, NULL),
	NOW(IIO_VOLTAGE, 0, NULL, REG_AV_PCF, voltage_codes),
	NOW(IIO_POWER, 1, "active", REG_AWATT, active_codes),
	NOW(IIO_POWER, 1, "reactive", REG_AFVAR, reactive_codes),
	NOW(IIO_POWER, 1, "apparent", REG_AVA, NULL),
	NOW(IIO_VOLTAGE, 1, NULL, REG_AV_PCF, voltage_codes),
	NOW(IIO_POWER, 2, "active", REG_AWATT, active_codes),
	NOW(IIO_POWER, 2, "reactive", REG_AFVAR, reactive_codes),
	NOW(IIO_POWER, 2, "apparent", REG_AVA, NULL),
	NOW(IIO_VOLTAGE, 2, NULL, REG_AV_PCF, voltage_codes),
	{
		CHANNEL(IIO_COUNT, 3, "epoch", ADDRESS_EPOCH),
		SCANNED(SCAN_EPOCH, 'u', 32),
	},
	IIO_CHAN_SOFT_TIMESTAMP(SCAN_STAMP),
};

static const unsigned long scan_masks[] = { BIT(SCAN_STAMP) - 1, 0 };

/* Everything is read from the chip when it is asked for. */
static int read_channel(struct meter *m, const struct iio_chan_spec *chan,
			s64 *val)
{
	u32 code = m->epoch;
	int ret = 0;

	if (chan->type == IIO_ENERGY)
		return ade9000_read_energy(m, chan->channel % PHASES,
					   chan->address, val);
	if (chan->address != ADDRESS_EPOCH)
		ret = ade9000_read(m, chan->address, &code);
	if (chan->scan_index >= 0)
		*val = code;
	else
		*val = (s32)code;
	return ret;
}

static int read_raw(struct iio_dev *iio, const struct iio_chan_spec *chan,
		    int *val, int *val2, long mask)
{
	struct meter *m = iio_priv(iio);
	s64 wide = 0;
	int ret;

	if (mask != IIO_CHAN_INFO_RAW)
		return -EINVAL;
	mutex_lock(&m->lock);
	ret = read_channel(m, chan, &wide);
	mutex_unlock(&m->lock);
	if (ret)
		return ret;
	*val = lower_32_bits(wide);
	*val2 = upper_32_bits(wide);
	return IIO_VAL_INT_64;
}

#define FLAG_SILENT BIT(0) /* the interrupt does not come */
#define FLAG_60HZ   BIT(1)

/*
 * The newest window in one piece: its number, its end and now (CLOCK_BOOTTIME),
 * epoch, flags, the sum of all standstills in ns, and of each phase three energies,
 * rms voltage and current, and period.
 */
static ssize_t window_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct meter *m = iio_priv(dev_to_iio_dev(dev));
	const struct window *w = &m->window;
	unsigned int phase;
	int len;

	mutex_lock(&m->lock);
	if (m->error || !m->windows) {
		len = m->error ?: -ENODATA;
		goto out;
	}
	len = sysfs_emit(buf, "%llu %lld %llu %u %lu %llu", m->windows,
			 m->end_ns, ktime_get_boottime_ns(), m->epoch,
			 (m->silent ? FLAG_SILENT : 0) |
				 (m->accmode & ACCMODE_60HZ ? FLAG_60HZ : 0),
			 m->standstill_ns);
	for (phase = 0; phase < PHASES; phase++)
		len += sysfs_emit_at(buf, len, " %lld %lld %lld %u %u %u",
				     w->energy[phase][ACTIVE],
				     w->energy[phase][REACTIVE],
				     w->energy[phase][APPARENT],
				     w->voltage[phase], w->current_rms[phase],
				     w->period[phase]);
	len += sysfs_emit_at(buf, len, "\n");
out:
	mutex_unlock(&m->lock);
	return len;
}

static ssize_t interrupt_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	struct meter *m = iio_priv(dev_to_iio_dev(dev));

	if (m->spi->irq <= 0)
		return sysfs_emit(buf, "none\n");
	return m->silent ? -ENOLINK : sysfs_emit(buf, "wired\n");
}

static ssize_t line_frequency_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	struct meter *m = iio_priv(dev_to_iio_dev(dev));

	return sysfs_emit(buf, "%d\n", m->accmode & ACCMODE_60HZ ? 60 : 50);
}

static ssize_t standstill_ns_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	struct meter *m = iio_priv(dev_to_iio_dev(dev));
	u64 ns;

	mutex_lock(&m->lock);
	ns = m->standstill_ns;
	mutex_unlock(&m->lock);
	return sysfs_emit(buf, "%llu\n", ns);
}

static ssize_t restarts_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct meter *m = iio_priv(dev_to_iio_dev(dev));

	return sysfs_emit(buf, "%u\n", m->restarts);
}

static ssize_t vlevel_code_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	struct meter *m = iio_priv(dev_to_iio_dev(dev));
	u32 val;
	int ret;

	mutex_lock(&m->lock);
	ret = ade9000_read(m, REG_VLEVEL, &val);
	mutex_unlock(&m->lock);
	return ret ?: sysfs_emit(buf, "%u\n", val);
}

static ssize_t vlevel_code_store(struct device *dev,
				 struct device_attribute *attr, const char *buf,
				 size_t len)
{
	struct meter *m = iio_priv(dev_to_iio_dev(dev));
	u32 val;
	int ret;

	ret = kstrtou32(buf, 0, &val);
	if (ret)
		return ret;
	mutex_lock(&m->lock);
	ret = ade9000_write(m, REG_VLEVEL, val);
	if (!ret)
		m->vlevel = val;
	mutex_unlock(&m->lock);
	return ret ?: len;
}

static IIO_DEVICE_ATTR_RO(window, 0);
static IIO_DEVICE_ATTR_RO(interrupt, 0);
static IIO_DEVICE_ATTR_RO(line_frequency, 0);
static IIO_DEVICE_ATTR_RO(standstill_ns, 0);
static IIO_DEVICE_ATTR_RO(restarts, 0);
static IIO_DEVICE_ATTR_RW(vlevel_code, 0);

static struct attribute *attributes[] = {
	&iio_dev_attr_window.dev_attr.attr,
	&iio_dev_attr_interrupt.dev_attr.attr,
	&iio_dev_attr_line_frequency.dev_attr.attr,
	&iio_dev_attr_standstill_ns.dev_attr.attr,
	&iio_dev_attr_restarts.dev_attr.attr,
	&iio_dev_attr_vlevel_code.dev_attr.attr,
	NULL
};

static const struct attribute_group attribute_group = { .attrs = attributes };

static const struct iio_info info = {
	.attrs = &attribute_group,
	.read_raw = read_raw,
};

void ade9000_describe(struct iio_dev *iio)
{
	iio->name = "ade9000-minimeter";
	iio->info = &info;
	iio->modes = INDIO_DIRECT_MODE;
	iio->channels = channels;
	iio->num_channels = ARRAY_SIZE(channels);
	iio->available_scan_masks = scan_masks;
}
