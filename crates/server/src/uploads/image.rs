//! Images are drawn anew: of what was sent only the pixels stay, not where and when they were taken, and nothing that was hidden
//! beside them.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    error::LimitErrorKind, metadata::Orientation,
};

use super::{FileKind, FileRefusal};

/// Pixels of the largest camera in a phone, and some.
const MOST_PIXELS: u64 = 60_000_000;
/// Pixels along one side.
const LONGEST_SIDE: u32 = 20_000;
/// Bytes that a decoder may take, beside the image itself.
const MEMORY: u64 = 320 * 1024 * 1024;
/// Pixels along one side of what is kept: letters on a photographed page can be read.
const KEPT_SIDE: u32 = 2_560;
const QUALITY: u8 = 85;

/// The image as it is kept, and what it is now.
pub fn draw_anew(content: &[u8], kind: FileKind) -> Result<(FileKind, Vec<u8>), FileRefusal> {
    let format = match kind {
        FileKind::Jpeg => ImageFormat::Jpeg,
        FileKind::Png => ImageFormat::Png,
        FileKind::Webp => ImageFormat::WebP,
        FileKind::Pdf => return Err(FileRefusal::UnknownKind),
    };
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refusal)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(FileRefusal::TooExpensive);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut drawn = DynamicImage::from_decoder(decoder).map_err(refusal)?;
    if width.max(height) > KEPT_SIDE {
        drawn = drawn.thumbnail(KEPT_SIDE, KEPT_SIDE);
    }
    drawn.apply_orientation(orientation);
    let mut kept = Vec::new();
    let kind = if kind == FileKind::Png || drawn.color().has_alpha() {
        let drawn: DynamicImage =
            if drawn.color().has_alpha() { drawn.into_rgba8().into() } else { drawn.into_rgb8().into() };
        drawn.write_to(&mut Cursor::new(&mut kept), ImageFormat::Png).map_err(refusal)?;
        FileKind::Png
    } else {
        JpegEncoder::new_with_quality(&mut kept, QUALITY).encode_image(&drawn.into_rgb8()).map_err(refusal)?;
        FileKind::Jpeg
    };
    Ok((kind, kept))
}

fn refusal(error: ImageError) -> FileRefusal {
    match error {
        ImageError::Limits(limit)
            if matches!(limit.kind(), LimitErrorKind::DimensionError | LimitErrorKind::InsufficientMemory) =>
        {
            FileRefusal::TooExpensive
        }
        _ => FileRefusal::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn written(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        image.into().write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    fn size(bytes: &[u8]) -> (u32, u32) {
        let image = image::load_from_memory(bytes).unwrap();
        (image.width(), image.height())
    }

    #[test]
    fn nothing_stays_but_the_pixels() {
        let photo = RgbImage::from_fn(64, 48, |x, y| Rgb([(x * 4) as u8, (y * 5) as u8, 90]));
        let mut jpeg = written(photo.clone(), ImageFormat::Jpeg);
        // A comment behind the first mark, and a script behind the end.
        let comment = *b"\xff\xfe\x00\x1b<script>alert(1)</script>";
        assert_eq!(comment.len(), 2 + 0x1b);
        jpeg.splice(2..2, comment);
        jpeg.extend(b"<script>alert(2)</script>");
        let (kind, kept) = draw_anew(&jpeg, FileKind::Jpeg).unwrap();
        assert_eq!((kind, size(&kept)), (FileKind::Jpeg, (64, 48)));
        assert!(!kept.windows(7).any(|window| window == b"<script"));
        let mut png = written(photo, ImageFormat::Png);
        png.extend(b"PK\x03\x04 and an archive");
        let (kind, kept) = draw_anew(&png, FileKind::Png).unwrap();
        assert_eq!((kind, size(&kept)), (FileKind::Png, (64, 48)));
        assert!(kept.ends_with(b"IEND\xaeB`\x82"));
    }

    #[test]
    fn large_images_become_smaller_and_stay_in_shape() {
        let (kind, kept) = draw_anew(&written(RgbImage::new(5_120, 1_280), ImageFormat::Jpeg), FileKind::Jpeg).unwrap();
        assert_eq!((kind, size(&kept)), (FileKind::Jpeg, (2_560, 640)));
    }

    #[test]
    fn what_can_be_seen_through_stays_so() {
        let seen_through = RgbaImage::from_pixel(8, 8, Rgba([1, 2, 3, 40]));
        let (kind, kept) = draw_anew(&written(seen_through, ImageFormat::WebP), FileKind::Webp).unwrap();
        assert_eq!(kind, FileKind::Png);
        assert_eq!(image::load_from_memory(&kept).unwrap().into_rgba8().get_pixel(3, 3), &Rgba([1, 2, 3, 40]));
        let (kind, _) = draw_anew(&written(RgbImage::new(8, 8), ImageFormat::WebP), FileKind::Webp).unwrap();
        assert_eq!(kind, FileKind::Jpeg);
    }

    #[test]
    fn a_few_bytes_that_say_they_are_many_pixels_are_refused() {
        let mut png = written(RgbImage::new(2, 2), ImageFormat::Png);
        png[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        let crc = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(draw_anew(&png, FileKind::Png), Err(FileRefusal::TooExpensive));
        png[16..24].copy_from_slice(&[0, 0, 0x40, 0, 0, 0, 0x40, 0]);
        let crc = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(draw_anew(&png, FileKind::Png), Err(FileRefusal::TooExpensive));
    }

    #[test]
    fn half_an_image_is_damaged() {
        for format in [ImageFormat::Png, ImageFormat::WebP] {
            let whole = written(RgbImage::from_fn(99, 99, |x, y| Rgb([x as u8, y as u8, 7])), format);
            let kind = FileKind::of(&whole).unwrap();
            assert_eq!(draw_anew(&whole[..whole.len() / 2], kind), Err(FileRefusal::Damaged), "{format:?}");
        }
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
        })
    }
}
